// A method of the API: where it answers, what it needs, and how it finds the calendar that it is about.
import type { AccessToken } from './credentials.ts';
import type { Json } from './event-record.ts';
import type { Shape } from './field-names.ts';
import { notFound } from './google-fault.ts';
import { seesFreeBusyOnly } from './scopes.ts';
import type { Need } from './scopes.ts';
import type { CalendarView, World } from './world.ts';

export interface Call {
  readonly access: AccessToken;
  /** The decoded parts of the path that vary. */
  readonly names: readonly string[];
  readonly query: URLSearchParams;
  readonly ifMatch?: string;
  /** Empty where the request has no body. */
  readonly body: Json;
}

export interface Method {
  readonly verb: string;
  readonly path: RegExp;
  readonly needs: Need;
  /** The names that `fields` may use; none where nothing is answered. */
  readonly shape?: Shape;
  /** undefined: 204. */
  run(call: Call): Json | undefined | Promise<Json>;
}

/** One part of a path that varies. */
export const name = '([^/]+)';
export const at = (path: string): RegExp => new RegExp(`^/calendar/v3${path}$`);

/** The calendar that the path names first, as the caller sees it. */
export function viewOf(world: World, { access, names }: Call): CalendarView {
  const view = world.view(access.account, names[0] ?? '');
  if (view === undefined) throw notFound();
  return view;
}

/** Whether the caller may learn when, and not what. */
export const freeBusyOnly = ({ access }: Call, view: CalendarView): boolean => view.accessRole === 'freeBusyReader' || seesFreeBusyOnly(access.scopes);
