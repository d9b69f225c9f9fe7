import { describe, expect, it } from '@jest/globals';
import { enumerate } from './crash-points.ts';
import { publish, hourSlot } from './acts.ts';
import { startFaultWorld, type FaultWorld, type Person } from './fault-world.ts';
import { differences } from './look.ts';
import { sampleOf } from './every-point.ts';
import { quiet } from './quiet.ts';
import { deadLettersOf, lettersBefore, poison, redriveAll, redriveStory } from './redrive-story.ts';
import { settled } from './scenarios.ts';

async function inWorld(work: (world: FaultWorld, ada: Person) => Promise<void>): Promise<void> {
  const world = await startFaultWorld(7);
  try {
    await work(world, await settled(world, 'google'));
  } finally {
    await world.close();
  }
}

describe('what cannot succeed', () => {
  it('lies in its dead-letter queue with its original body, its reason and its id, at once where it can never be valid', () =>
    inWorld(async (world) => {
      const before = world.queues.messages.length;
      for (const body of poison) for (const queue of ['inbound', 'booking']) world.queues.push(queue, body);
      const ids = world.queues.messages.slice(before).map(({ id }) => id);
      await quiet(world);
      expect(deadLettersOf(world, 'inbound')).toEqual(poison.map((body) => `not_a_hint: ${body}`));
      expect(deadLettersOf(world, 'booking')).toEqual([`not_json: ${poison[0]}`, `invalid_event: ${poison[1]}`, `invalid_event: ${poison[2]}`]);
      expect(world.queues.messages.slice(before).map(({ attributes }) => attributes['messageId']?.StringValue)).toEqual(ids);
      expect(world.violations).toEqual([]);
    }));

  it('for now is delivered until the queue itself sets it aside, and counts once it is redriven', () =>
    inWorld(async (world, ada) => {
      world.tables.weather.throttled = (_, table) => table === 'booking-events';
      const body = publish(world, { id: 'b1', version: 1, providerId: ada.providerId, span: hourSlot(world, 20) });
      await quiet(world, { until: world.now + 3_600_000 });
      expect(world.queues.dead.map((message) => [message.body, message.receives])).toEqual([[body, 9]]);
      expect(world.violations.splice(0)).toEqual([expect.stringContaining('dead letters')]);
      world.tables.weather.throttled = () => false;
      for (const message of world.queues.dead.splice(0)) world.queues.push('booking-dead', message.body);
      await redriveAll(world);
      expect(await differences(world)).toEqual([]);
    }));

  it('and cannot even be set aside by the worker is set aside by the queue, and lies there once, whole, when it is redriven', () =>
    inWorld(async (world) => {
      world.outside.counting = true;
      world.outside.fate = (_, { what }) => (what.startsWith('SendMessage') && what.endsWith('-dead') ? 'before' : undefined);
      for (const queue of ['inbound', 'booking']) world.queues.push(queue, poison[0]);
      await quiet(world);
      expect(world.queues.dead.map(({ queue, body, receives }) => [queue, body, receives])).toEqual([['inbound', poison[0], 9], ['booking', poison[0], 9]]);
      expect(world.violations.splice(0)).toHaveLength(2);
      world.outside.fate = () => undefined;
      for (const { queue, body } of world.queues.dead.splice(0)) world.queues.push(`${queue}-dead`, body);
      await redriveAll(world);
      expect([deadLettersOf(world, 'inbound'), deadLettersOf(world, 'booking')]).toEqual([[`not_a_hint: ${poison[0]}`], [`not_json: ${poison[0]}`]]);
      expect(await differences(world)).toEqual([]);
    }));

  it('is redriven a second and a third time, and nothing changes: no letter, no row, no call of a calendar', () =>
    inWorld(async (world, ada) => {
      await lettersBefore(world, ada);
      await redriveAll(world);
      expect(await differences(world)).toEqual([]);
      const state = () => ({
        letters: [deadLettersOf(world, 'inbound').sort(), deadLettersOf(world, 'booking').sort()],
        origins: world.queues.messages.map(({ attributes }) => attributes['messageId']?.StringValue).sort(),
        bookings: world.tables.all('booking-events'), busy: world.tables.all('busy-intervals'), calls: world.google.requests.length,
      });
      const after = state();
      expect(after.letters.map(({ length }) => length)).toEqual([3, 3]);
      for (let again = 0; again < 2; again += 1) {
        await redriveAll(world);
        expect(state()).toEqual(after);
      }
    }));

  it('and what can: whichever call of theirs an operator dies in, loses the answer of or makes twice, redriving leaves all as it must be', async () => {
    const { wrong, runs } = await enumerate('google', redriveStory, { fates: (points) => sampleOf(points).filter(({ at }) => points[at - 1]?.name === 'operator') });
    expect(wrong).toEqual([]);
    expect(runs).toBeGreaterThan(15);
  }, 60_000);
});
