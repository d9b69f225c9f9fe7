import { object, text } from '../json.ts';
import type { CalendarInfo } from '../port.ts';
import type { GraphCall } from './call.ts';
import { malformed } from './fault.ts';
import { pagesFrom } from './pages.ts';

const ownerOf = (calendar: unknown): string | undefined => text(object(object(calendar)['owner'])['address'])?.toLowerCase();

/** `me`: whose the account is. A subscription to its events tells nothing of calendars that others shared with it. */
function readCalendar(value: unknown, me: string | undefined): CalendarInfo {
  const calendar = object(value);
  const [id, owner] = [text(calendar['id']), ownerOf(value)];
  if (id === undefined) throw malformed('calendar');
  const shared = me !== undefined && owner !== undefined && owner !== me;
  return { id, name: text(calendar['name']) ?? '', primary: calendar['isDefaultCalendar'] === true, writable: calendar['canEdit'] === true, ...(shared && { watchable: false }) };
}

/** The calendars that the account sees, its own and those shared with it; their ids are stable. The default one is always the account's own. */
export async function listCalendars(call: GraphCall): Promise<readonly CalendarInfo[]> {
  const found: unknown[] = [];
  for await (const { rows } of pagesFrom(call, '/me/calendars?$select=id,name,isDefaultCalendar,canEdit,owner')) found.push(...rows);
  const me = ownerOf(found.find((calendar) => object(calendar)['isDefaultCalendar'] === true));
  return found.map((calendar) => readCalendar(calendar, me));
}
