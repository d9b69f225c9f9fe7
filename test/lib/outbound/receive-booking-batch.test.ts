import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SQSRecord } from 'aws-lambda';
import fc from 'fast-check';
import { receiveBookingBatch } from '../../../lib/outbound/receive-booking-batch.ts';
import { aBookingEvent, aRecord } from '../../support/booking-events.ts';
import { live, type Life } from '../../support/mortal.ts';
import { startSmallWorld, type Connected, type SmallWorld } from '../../support/small-world.ts';
import { leaseLength, outbound } from '../../support/workers.ts';

let world: SmallWorld;
let ada: Connected;
const dead: { record: SQSRecord; reason: string }[] = [];
beforeAll(async () => {
  world = await startSmallWorld();
  ada = await world.connect('google');
});
afterAll(() => world.close());
beforeEach(() => {
  dead.length = 0;
  for (const { id } of ada.person.standing()) ada.person.remove(id);
});

let count = 0;
const newId = (): string => `batch-${(count += 1)}`;
const event = (id: string, booking: object = {}, top: object = {}) => aBookingEvent({ id, provider_id: ada.providerId, ...booking }, top);
async function receive(bodies: readonly unknown[], life: Life = live()) {
  const records = bodies.map(aRecord);
  const parts = { ...outbound(world, life), forProvider: () => Promise.resolve(0), deadLetters: (record: SQSRecord, reason: string) => Promise.resolve(void dead.push({ record, reason })) };
  return { records, lines: parts.lines, answer: await receiveBookingBatch(parts)({ Records: records }, world.clock() + leaseLength) };
}
const wishOf = async (id: string) => (await outbound(world).bookings.read(id)).wish;

describe('a batch of the booking queue', () => {
  it('sets aside, whole and with its reason, what can never be valid; its neighbours go their way', async () => {
    const good = newId();
    const bodies = ['{"half":', event(newId(), { version: 0 }), event(newId(), {}, { type: 'booking.archived' }), { v: 1, hint: 'booking' }, event(good, { title: 'Good' })];
    const { records, answer } = await receive(bodies);
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(dead.map(({ record, reason }) => [record.messageId, record.body, reason]).sort()).toEqual(
      [['not_json', 0], ['invalid_event', 1], ['unknown_type', 2], ['invalid_event', 3]].map(([reason, n]) => [records[Number(n)]?.messageId, records[Number(n)]?.body, reason]).sort(),
    );
    expect(ada.person.standing()).toMatchObject([{ title: 'Good' }]);
  });

  it('takes the same version with other content for a mistake, with the same for nothing new, an older one for late', async () => {
    const id = newId();
    await receive([event(id, { version: 2, title: 'Two' })]);
    const before = world.google.requests.length;
    await receive([event(id, { version: 2, title: 'Two' }), event(id, { version: 1, title: 'One' }), event(id, { version: 2, title: 'Other' })]);
    expect(dead.map(({ reason }) => reason)).toEqual(['version_reused']);
    expect(world.google.requests).toHaveLength(before);
    expect(await wishOf(id)).toMatchObject({ version: 2, title: 'Two' });
  });

  it('lets the newest version win in whatever order, however often they come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 8 }), async (versions) => {
        const id = newId();
        const { bookings } = outbound(world);
        await receive(versions.map((version) => event(id, { version, title: `v${version}`, ...(version % 3 === 0 && { status: 'cancelled' }) })));
        const newest = Math.max(...versions);
        expect((await bookings.read(id)).wish).toMatchObject({ version: newest, title: `v${newest}`, cancelled: newest % 3 === 0 });
        expect(dead).toEqual([]);
      }),
      { numRuns: 8, seed: 3 },
    );
  });

  it('goes back alone where it could not be saved, and goes where it was saved though nothing followed', async () => {
    const [lost, kept] = [newId(), newId()];
    const unsaved = live(undefined, { before: (what) => (what === 'UpdateItem booking-events' ? Promise.reject(new Error('throttled')) : Promise.resolve()) });
    const first = await receive([event(lost)], unsaved);
    expect(first.answer).toEqual({ batchItemFailures: [{ itemIdentifier: first.records[0]?.messageId }] });
    const stuck = live(undefined, { before: (what) => (what === 'Query booking-events' ? Promise.reject(new Error('throttled')) : Promise.resolve()) });
    expect((await receive([event(kept)], stuck)).answer).toEqual({ batchItemFailures: [] });
    expect(await wishOf(kept)).toHaveProperty('pendingSince');
    expect(await wishOf(lost)).toBeUndefined();
  });

  it('that could not be saved does not bring its neighbours back', async () => {
    const [lost, saved] = [newId(), newId()];
    let refused = 0;
    const once = live(undefined, { before: (what) => (what === 'UpdateItem booking-events' && (refused += 1) === 1 ? Promise.reject(new Error('throttled')) : Promise.resolve()) });
    const { records, answer } = await receive([event(lost), event(saved)], once);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: records[0]?.messageId }] });
    expect(await wishOf(lost)).toBeUndefined();
    expect(await wishOf(saved)).toMatchObject({ version: 1 });
  });

  it('writes nothing of a booking’s text to its log', async () => {
    const secret = 'Marriage counselling';
    const { lines } = await receive([event(newId(), { title: secret, description: secret }), event(newId(), { title: secret, status: secret })]);
    expect(lines.length).toBeGreaterThan(0);
    expect(JSON.stringify(lines)).not.toContain(secret);
  });
});
