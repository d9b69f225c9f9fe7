// A message's body as it may be shown: what is known to be an id, a time or a kind stays; of anything else only its size is told, since
// a body that nobody could read may hold whatever its sender put there.
import { createHash } from 'node:crypto';
import { parseJson } from '../platform/messages.ts';

const shown: ReadonlySet<string> = new Set([
  'id', 'type', 'occurred_at', 'version', 'provider_id', 'service_id', 'start_time', 'end_time', 'start', 'end', 'time_zone', 'status', 'v', 'hint', 'connection_id', 'booking_id', 'tries', 'after', 'due', 'calendar_provider',
]);
const objects: ReadonlySet<string> = new Set(['booking', 'watch', 'late']);
const textual: ReadonlySet<string> = new Set(['title', 'description', 'location']);
/** An id, a kind or a time is one word; who puts prose there has mistaken the member. */
const word = /^\S{1,128}$/;
const deepest = 4;

const sized = (what: string): string => `[${what}]`;

function redactedValue(value: unknown, name: string, depth: number): unknown {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return shown.has(name) ? value : sized(typeof value);
  if (typeof value === 'string') return shown.has(name) && word.test(value) ? value : sized(`${value.length} characters`);
  if (Array.isArray(value)) return sized(`list of ${value.length}`);
  if (typeof value !== 'object' || !objects.has(name) || depth >= deepest) return sized('object');
  return members(value as Record<string, unknown>, depth + 1);
}

/** Names of members are the sender's too: only known ones are repeated, and the others are counted. */
function members(value: Readonly<Record<string, unknown>>, depth: number): Record<string, unknown> {
  const known = Object.entries(value).filter(([name]) => shown.has(name) || objects.has(name) || textual.has(name));
  const others = Object.keys(value).length - known.length;
  return { ...Object.fromEntries(known.map(([name, member]) => [name, redactedValue(member, name, depth)])), ...(others > 0 && { others }) };
}

/** An object, or one line about what is no object. */
export function redactedBody(body: string): unknown {
  const value = parseJson(body);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return members(value as Record<string, unknown>, 0);
  const kind = value === undefined ? 'not JSON' : Array.isArray(value) ? 'a list' : typeof value;
  return `${kind}, ${Buffer.byteLength(body)} bytes, sha256 ${createHash('sha256').update(body).digest('hex').slice(0, 12)}`;
}
