// What all parts of the simulator have in common.
import type { Clock, Random } from '../../../lib/platform/clock.ts';
import type { SimRequest } from '../simulator-server.ts';
import type { Behaviour } from './behaviour.ts';
import type { Shown } from './event-json.ts';
import { badRequest } from './graph-failure.ts';
import type { Mailbox } from './mailbox.ts';
import type { Prefer } from './prefer.ts';

export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly behaviour: Behaviour;
  /** By email. */
  readonly mailboxes: Map<string, Mailbox>;
  /** Where a page ends that names no size. */
  readonly pageSize: number;
  /** http://127.0.0.1:port */
  readonly url: () => string;
}

/** One authorized request to Graph. */
export interface GraphRequest extends SimRequest {
  readonly world: World;
  readonly mailbox: Mailbox;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly prefer: Prefer;
}

export const shownTo = (request: GraphRequest): Shown => ({ mailbox: request.mailbox, prefer: request.prefer, iCalUIdIsNull: request.world.behaviour.iCalUIdIsNull });

/** The body as a JSON object. */
export function jsonBody(request: SimRequest): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(request.body);
  } catch (error) {
    if (error instanceof SyntaxError) throw badRequest('Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.');
    throw error;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badRequest('Empty Payload. JSON content expected.');
  return value as Readonly<Record<string, unknown>>;
}

/** A stretch of time given by two parameters, both needed; what has no offset is UTC. */
export function stretchOf(query: URLSearchParams): { from: number; to: number } {
  const [from, to] = ['startDateTime', 'endDateTime'].map((name) => {
    const text = query.get(name) ?? '';
    // Without an escaped plus, "+02:00" arrives with a space, as Graph sees it too.
    if (!/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/u.test(text)) {
      throw badRequest('This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.', 'ErrorInvalidParameter');
    }
    return Date.parse(/Z|[+-]\d\d:\d\d$/u.test(text.slice(10)) || text.length === 10 ? text : `${text}Z`);
  });
  if (from === undefined || to === undefined || Number.isNaN(from) || Number.isNaN(to) || to < from) throw badRequest('The EndDateTime must not be before the StartDateTime.', 'ErrorInvalidParameter');
  return { from, to };
}
