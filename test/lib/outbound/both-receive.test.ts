import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { minutes } from '../../../lib/platform/clock.ts';
import { notice } from '../../support/readings.ts';
import { refOf, startSmallWorld, type SmallWorld } from '../../support/small-world.ts';
import { isPending, newId, spanIn, wishFor } from '../../support/wishes.ts';
import { drain, pull } from '../../support/workers.ts';

let world: SmallWorld;
beforeAll(async () => {
  world = await startSmallWorld(47);
});
afterAll(() => world.close());

it('two connections of one provider that both receive in one calendar leave each other’s events alone', async () => {
  const ada = await world.connect('google');
  const work = await world.connect('google', { providerId: ada.providerId, calendars: [{ blocks: true, receives: false }] });
  world.google.addAccount({ email: work.account, calendars: [{ id: refOf(ada).id, timeZone: 'Europe/Berlin', shared: true, primary: false, accessRole: 'writer' }] });
  world.tables.put('connections', { ...work.connection, calendars: [...work.calendars, ...ada.calendars] });
  await pull(world, work.id);
  await pull(world, ada.id);
  const id = newId();
  await wishFor(world, ada, { id, version: 1 });
  await drain(world, id);
  const made = ada.person.standing().map((event) => event.id).sort();
  expect(made).toHaveLength(2);
  for (let n = 0; n < 6; n += 1) {
    world.advance(minutes(2));
    for (const each of [ada, work]) {
      await notice(world, each);
      await pull(world, each.id);
      if (await isPending(world, id)) await drain(world, id);
    }
  }
  expect(ada.person.standing().map((event) => event.id).sort()).toEqual(made);
  expect(world.changes.filter(({ type }) => type === 'booking.event_deleted')).toEqual([]);
});

it('so do two at Outlook, where each mailbox shows a shared calendar’s events under ids of its own', async () => {
  const ada = await world.connect('microsoft');
  const work = await world.connect('microsoft', { providerId: ada.providerId, calendars: [{ blocks: true, receives: false }, { blocks: true, receives: true, sharedBy: ada.account }] });
  for (const each of [ada, work]) await pull(world, each.id);
  const id = newId();
  await wishFor(world, ada, { id, version: 1 });
  await drain(world, id);
  // As Graph would show the other's there.
  const { start, end } = spanIn(world, 5);
  await work.adapter.create(refOf(work, 1), { connectionId: ada.id, calendarId: refOf(ada).id, bookingId: id, generation: 0 }, { title: 'Haircut', start: new Date(start).toISOString(), end: new Date(end).toISOString(), version: 1 });
  const standing = (): string[] => (work.hands[1]?.standing() ?? []).map((event) => event.id).sort();
  const made = standing();
  expect(made).toHaveLength(2);
  for (let n = 0; n < 3; n += 1) {
    world.advance(minutes(2));
    await notice(world, work);
    await pull(world, work.id);
    if (await isPending(world, id)) await drain(world, id);
  }
  expect(standing()).toEqual(made);
});
