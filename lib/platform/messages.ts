// The messages that travel on our own queues. A hint is only a bell: lost, doubled, late or reordered it changes nothing but the delay,
// for what is to be done stands in the tables. `v` lets a release read what its predecessor wrote.
import { readCorrelation } from './trace.ts';
import { connectionIdPattern } from './watch-token.ts';

/** What a hint goes by in every log line that comes of it; it decides nothing. */
interface Correlated {
  readonly correlation?: string;
}

/** Look at this connection: its inbox may be dirty, or something of it due. */
export interface InboundHint extends Correlated {
  readonly v: 1;
  readonly hint: 'pull';
  readonly connection_id: string;
  /** The watch that delivered the notice; one that the connection does not know is an orphan, to be stopped. */
  readonly watch?: { readonly id: string; readonly resource_id?: string };
}

/** Bring the targets of this booking in line. `tries` counts waits for a lease, for the delay alone. */
export interface BookingHint extends Correlated {
  readonly v: 1;
  readonly hint: 'booking';
  readonly booking_id: string;
  readonly tries?: number;
}

/** Mark this provider's future bookings, page by page, or erase all of them. On the booking queue too. */
export interface ProviderHint extends Correlated {
  readonly v: 1;
  readonly hint: 'provider' | 'erase';
  readonly provider_id: string;
  /** Where the page before ended. */
  readonly after?: string;
  /** Asked for by what is due (ms) on this connection's `push` row. */
  readonly late?: { readonly connection_id: string; readonly due: number };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** As JSON that the queue keeps as it is, whatever the ids hold: of all that JSON leaves unescaped, SQS takes any letter but these two. */
export const messageBody = (message: object): string => JSON.stringify(message).replace(/[\ufffe\uffff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16)}`);

/** As long as the ids that booking events may carry; a longer one is no key of the tables. */
const isId = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= 256 && value.isWellFormed();

function carried(hint: Record<string, unknown>): Correlated {
  const correlation = readCorrelation(hint['correlation']);
  return correlation === undefined ? {} : { correlation };
}

/** Undefined: no hint of ours. */
export function readInboundHint(body: string): InboundHint | undefined {
  const value = parseJson(body);
  if (!isRecord(value) || value['hint'] !== 'pull' || typeof value['connection_id'] !== 'string') return undefined;
  if (!connectionIdPattern.test(value['connection_id'])) return undefined;
  const watch = value['watch'];
  const known = isRecord(watch) && typeof watch['id'] === 'string' ? { id: watch['id'], ...(typeof watch['resource_id'] === 'string' && { resource_id: watch['resource_id'] }) } : undefined;
  return { v: 1, hint: 'pull', connection_id: value['connection_id'], ...(known && { watch: known }), ...carried(value) };
}

export function readProviderHint(value: unknown): ProviderHint | undefined {
  if (!isRecord(value) || (value['hint'] !== 'provider' && value['hint'] !== 'erase') || !isId(value['provider_id'])) return undefined;
  const { after, late } = value;
  const known = isRecord(late) && typeof late['connection_id'] === 'string' && typeof late['due'] === 'number' ? { connection_id: late['connection_id'], due: late['due'] } : undefined;
  return { v: 1, hint: value['hint'], provider_id: value['provider_id'], ...(typeof after === 'string' && { after }), ...(known && { late: known }), ...carried(value) };
}

export function readBookingHint(value: unknown): BookingHint | undefined {
  if (!isRecord(value) || value['hint'] !== 'booking' || !isId(value['booking_id'])) return undefined;
  const tries = value['tries'];
  return { v: 1, hint: 'booking', booking_id: value['booking_id'], ...(typeof tries === 'number' && { tries }), ...carried(value) };
}

/** What a hint on the booking queue goes by; a booking's event brings none. */
export function correlationOf(body: string): string | undefined {
  const value = parseJson(body);
  return isRecord(value) && 'hint' in value ? carried(value).correlation : undefined;
}
