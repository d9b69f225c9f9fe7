// GET /v1/providers/{id}/busy and POST /v1/providers/{id}/availability: one consistent query each, no call to any calendar.
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { ConnectionHealth } from '../platform/busy-keys.ts';
import { days, minutes, type Clock } from '../platform/clock.ts';
import { parseJson } from '../platform/messages.ts';
import { answering, jsonAnswer, Problem } from '../platform/problem.ts';
import { syncGate, type Gate, type Settings } from '../platform/settings.ts';
import { reasonsOf, unknownReasons } from './bookable.ts';
import { inMs, merged, takenOf, within, type Interval } from './intervals.ts';
import { storedInstant, type ReadProvider } from './read-provider.ts';

export interface AvailabilityParts {
  readonly read: ReadProvider;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly failed: (failure: unknown) => void;
}

const longestSpan = days(366);
const mostSlots = 1000;
const longestBuffer = 24 * 60;

export const answerAvailability =
  (parts: AvailabilityParts) =>
  (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> =>
    answering(() => {
      const providerId = event.pathParameters?.['provider_id'] ?? '';
      if (providerId === '' || providerId.length > 256) throw new Problem('bad-request', 'The path must name a provider id of 1 to 256 characters.');
      return event.requestContext.http.method === 'GET' ? busy(parts, providerId, event) : availability(parts, providerId, event);
    }, parts.failed);

async function busy(parts: AvailabilityParts, providerId: string, event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const query = new URLSearchParams(event.rawQueryString);
  const span = spanOf({ start: query.get('from'), end: query.get('to') }, ['from', 'to']);
  if (span.end - span.start > longestSpan) throw new Problem('bad-request', 'Ask for at most a year (366 days) at a time.');

  const { intervals, connections } = await parts.read(providerId, span);
  const gate = await gateFor(parts, providerId, connections);
  const now = parts.clock();
  const reasons = unknownReasons(connections, span, { now, gate });
  return jsonAnswer(200, {
    provider_id: providerId,
    from: iso(span.start),
    to: iso(span.end),
    busy: within(merged(intervals), { start: storedInstant(span.start), end: storedInstant(span.end) }),
    bookable: reasons.length === 0,
    reasons,
    connections: connections.map((health) => toldHealth(health, now)),
  });
}

async function availability(parts: AvailabilityParts, providerId: string, event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const asked = parseJson(Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8').toString('utf8')) as { slots?: unknown; buffer_before?: unknown; buffer_after?: unknown } | undefined;
  if (!asked || !Array.isArray(asked.slots)) throw new Problem('bad-request', 'Send JSON: {"slots":[{"start","end"}], "buffer_before"?: minutes, "buffer_after"?: minutes}.');
  if (asked.slots.length === 0 || asked.slots.length > mostSlots) throw new Problem('bad-request', `Ask for 1 to ${mostSlots} slots at a time; this has ${asked.slots.length}.`);
  const before = bufferOf(asked.buffer_before, 'buffer_before');
  const after = bufferOf(asked.buffer_after, 'buffer_after');
  const slots = asked.slots.map((slot: { start?: unknown; end?: unknown } | null, index) => {
    const told = spanOf({ start: slot?.start, end: slot?.end }, [`slots[${index}].start`, `slots[${index}].end`]);
    return { told, checked: { start: told.start - before, end: told.end + after } };
  });
  const span = { start: Math.min(...slots.map(({ checked }) => checked.start)), end: Math.max(...slots.map(({ checked }) => checked.end)) };
  if (span.end - span.start > longestSpan) throw new Problem('bad-request', 'All slots must lie within a year (366 days).');

  const { intervals, connections } = await parts.read(providerId, span);
  const gate = await gateFor(parts, providerId, connections);
  const now = parts.clock();
  const taken = takenOf(slots.map(({ checked }) => checked), intervals.map(inMs));
  const answers = slots.map(({ told, checked }) => {
    const slot = { start: iso(told.start), end: iso(told.end) };
    if (taken.has(checked)) return { ...slot, status: 'busy' };
    const reasons = unknownReasons(connections, checked, { now, gate });
    return reasons.length === 0 ? { ...slot, status: 'free' } : { ...slot, status: 'unknown', reasons };
  });
  return jsonAnswer(200, { provider_id: providerId, slots: answers, connections: connections.map((health) => toldHealth(health, now)) });
}

/** The gates only say `sync_off`, and only of a provider who has a connection. */
async function gateFor({ settings }: AvailabilityParts, providerId: string, connections: readonly ConnectionHealth[]): Promise<Gate> {
  return connections.length === 0 ? 'open' : syncGate(await settings.read(), providerId);
}

function toldHealth(health: ConnectionHealth, now: number) {
  return {
    connection_id: health.connection_id,
    calendar_provider: health.calendar_provider,
    state: health.state,
    blocks: health.blocks,
    last_read: health.last_read === undefined ? null : iso(health.last_read),
    window: health.window_from === undefined || health.window_to === undefined ? null : { from: iso(health.window_from), to: iso(health.window_to) },
    reasons: reasonsOf(health, now),
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();
const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

function instant(value: unknown, name: string): number {
  // A bare + in a query string is read as a space: take it for the sign that was meant.
  const text = typeof value === 'string' ? value.trim().replace(/ (\d{2}:\d{2})$/, '+$1') : '';
  const ms = rfc3339.test(text) ? Date.parse(text) : Number.NaN;
  // Date.parse takes 30 February for 2 March.
  if (Number.isNaN(ms) || new Date(`${text.slice(0, 10)}T00:00:00Z`).getUTCDate() !== Number(text.slice(8, 10))) throw new Problem('bad-request', `${name} must be an RFC 3339 instant with an offset, such as 2026-03-01T09:00:00Z.`);
  return ms;
}

function spanOf({ start, end }: { start: unknown; end: unknown }, [startName, endName]: readonly [string, string]): Interval {
  const span = { start: instant(start, startName), end: instant(end, endName) };
  if (span.start >= span.end) throw new Problem('bad-request', `${startName} must be before ${endName}.`);
  return span;
}

function bufferOf(value: unknown, name: string): number {
  if (value === undefined || value === null) return 0;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0 || value > longestBuffer) throw new Problem('bad-request', `${name} must be minutes from 0 to ${longestBuffer}.`);
  return minutes(value);
}
