// Messages for both queues that no sender of ours wrote: each goes to the dead letters as it came, or is what it looks like.
import fc from 'fast-check';
import { altered, brokenJson, deepJson, junkJson, junkText } from './hostile-junk.ts';
import { genuine } from './hostile-world.ts';

export interface Message {
  readonly body: string;
  /** `never`: it can never be valid. `quiet`: it may be taken for a message, but names nothing that exists. `perhaps`: valid or not. */
  readonly valid: 'never' | 'quiet' | 'perhaps';
}

/** SQS itself refuses other characters and empty bodies. */
const carried = (text: string): string => text.replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '') || ' ';
const of = (valid: Message['valid']) => (body: string): Message => ({ body: carried(body), valid });

const junk = fc.oneof(junkJson, brokenJson, deepJson, junkText);
const hintLike = /"hint":"(?:pull|booking|provider|erase)"/;
const never = junk.filter((body) => !hintLike.test(body)).map(of('never'));

const pull = { v: 1, hint: 'pull', connection_id: 'nobody', watch: { id: 'w', resource_id: 'r' } };
const ring = { v: 1, hint: 'booking', booking_id: 'nothing', tries: 1 };
const walk = { v: 1, hint: 'provider', provider_id: 'nobody', after: 'x', late: { connection_id: 'nobody', due: 1 } };
const erase = { v: 1, hint: 'erase', provider_id: 'nobody' };

export const bookingEvent = {
  id: 'event-1', type: 'booking.created', occurred_at: '2026-03-01T09:00:00Z',
  booking: { id: genuine.booking, version: 1, provider_id: 'nobody', service_id: 's', title: 'Haircut', description: 'd', location: 'l', start_time: '2026-03-01T09:00:00Z', end_time: '2026-03-01T10:00:00+01:00', time_zone: 'Europe/Berlin', status: 'confirmed' },
};
/** Each breaks the published schema by itself. */
const broken = fc
  .tuple(fc.constantFrom<readonly [string, unknown]>(['id', 7], ['version', 0], ['version', 1.5], ['version', -1], ['version', 2 ** 53], ['version', '1'], ['provider_id', ''], ['provider_id', 'x'.repeat(257)], ['service_id', null], ['title', 'x'.repeat(1025)], ['title', 'é'.repeat(600)], ['title', ['x']], ['title', '\ud800'], ['description', 'x'.repeat(9000)], ['start_time', '2026-02-30T09:00:00Z'], ['start_time', 1772355600000], ['end_time', '2026-03-01T08:00:00Z'], ['end_time', '2026-03-01T24:00:00Z'], ['time_zone', 'Mars/Olympus'], ['time_zone', '+01:00'], ['status', 'CONFIRMED'], ['start_time', '9999-12-31T23:59:59-23:59']), fc.string())
  .map(([[name, value], more]) => JSON.stringify({ ...bookingEvent, more, booking: { ...bookingEvent.booking, [name]: value } }));

/** Longer than any id may be. */
const endless = fc.constantFrom({ ...ring, booking_id: 'x'.repeat(5000) }, { ...walk, provider_id: 'é'.repeat(257) }, { ...erase, provider_id: '' }, { ...ring, booking_id: ['b'] }).map((hint) => JSON.stringify(hint));

export const queues: Readonly<Record<'inbound' | 'booking', fc.Arbitrary<Message>>> = {
  inbound: fc.oneof(never, altered(pull).map(of('quiet')), altered(bookingEvent).map(of('never'))),
  booking: fc.oneof(never, broken.map(of('never')), endless.map(of('never')), altered(bookingEvent).map(of('perhaps')), fc.oneof(altered(ring), altered(walk), altered(erase)).map(of('quiet'))),
};
