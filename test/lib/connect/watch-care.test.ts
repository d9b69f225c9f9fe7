import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { renewAt } from '../../../lib/connect/watch-plan.ts';
import { days, hours, minutes } from '../../../lib/platform/clock.ts';
import type { CalendarProvider } from '../../../lib/calendars/port.ts';
import { noticeGrace } from '../../../lib/inbound/silence.ts';
import { Setting } from '../../../lib/platform/names.ts';
import { errorEnvelope } from '../../simulators/google/simulator.ts';
import type { Connected } from '../../support/small-world.ts';
import { busy, isDirty } from '../../support/readings.ts';
import { startWatchedWorld, type WatchedWorld } from '../../support/watched-world.ts';

let world: WatchedWorld;
beforeAll(async () => {
  world = await startWatchedWorld(11);
}, 60_000);
afterAll(async () => {
  await world.close();
});

beforeEach(() => {
  world.settings.reset();
  world.setKeys('k1');
  world.reachable = true;
});

/** Channels or subscriptions that live at the provider for this account. */
const live = (connected: Connected): string[] =>
  connected.provider === 'google'
    ? world.google.channels().filter(({ caller }) => caller.email === connected.account).map(({ id }) => id)
    : world.microsoft.subscriptions(connected.account).map(({ id }) => String(id));

/** Connected, read once, and everything that rang taken. */
async function watched(provider: CalendarProvider, options = {}): Promise<Connected> {
  const connected = await world.connect(provider, options);
  await world.pull(connected.id);
  await settle();
  return connected;
}

async function settle(): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    await world.noticesCame();
    await world.takeHints();
  }
}

const soon = (hour: number) => ({ start: world.clock() + hours(hour), end: world.clock() + hours(hour + 1) });
const pollNow = async (connected: Connected) => {
  const { duePoll } = await world.pullRow(connected.id);
  world.advance(Math.max(0, Number(duePoll) - world.clock()) + 1);
  return world.pull(connected.id);
};

describe.each(['google', 'microsoft'] as const)('watches of %s', (provider) => {
  it('are made by the first pull where connecting did not, and then changes ring', async () => {
    const connected = await watched(provider);
    const { watches } = await world.row(connected.id);
    expect(watches).toHaveLength(1);
    expect(watches[0]).toMatchObject({ id: live(connected)[0], key_id: 'k1' });
    expect(watches[0]?.expires_at).toBeGreaterThan(world.clock() + days(6));
    connected.person.add(soon(2));
    await settle();
    expect(await busy(world, connected)).toHaveLength(1);
    expect((await world.pullRow(connected.id))['tight']).toBeUndefined();
  });

  it('are renewed before they end, and at every moment one of them lives', async () => {
    const connected = await watched(provider);
    const [before] = (await world.row(connected.id)).watches;
    if (!before) throw new Error('There is no watch.');
    world.advance(renewAt(connected.id, before) - world.clock() + 1);
    expect(before.expires_at).toBeGreaterThan(world.clock() + days(1));
    expect(await world.pull(connected.id)).toMatchObject({ outcome: 'pulled' });
    const [after, ...more] = (await world.row(connected.id)).watches;
    expect(more).toEqual([]);
    expect(after?.expires_at).toBeGreaterThan((before.expires_at ?? 0) + days(3));
    expect(after?.id === before.id).toBe(provider === 'microsoft');
    expect(live(connected)).toEqual([after?.id]);
  });

  it('are not renewed while jobs are off, but made where there is none', async () => {
    world.settings.values.set(Setting.jobsEnabled, 'false');
    const connected = await watched(provider);
    expect(live(connected)).toHaveLength(1);
    world.advance(days(6));
    connected.person.add(soon(2));
    await settle();
    expect((await world.row(connected.id)).watches[0]?.expires_at).toBeLessThan(world.clock() + days(2));
  });

  it('follow the newest key at their next renewal', async () => {
    const connected = await watched(provider);
    world.setKeys('k1', 'k2');
    await world.pull(connected.id);
    expect((await world.row(connected.id)).watches[0]?.key_id).toBe('k1');
    world.advance(days(6));
    await world.pull(connected.id);
    expect((await world.row(connected.id)).watches.map(({ key_id }) => key_id)).toEqual(['k2']);
    expect(live(connected)).toHaveLength(1);
  });

  it('that have ended unseen are made anew', async () => {
    const connected = await watched(provider);
    world.advance(days(8));
    expect(live(connected)).toEqual([]);
    await world.pull(connected.id);
    expect(live(connected)).toEqual((await world.row(connected.id)).watches.map(({ id }) => id));
    expect(live(connected)).toHaveLength(1);
  });

  it('that deliver but are not ours to keep are stopped', async () => {
    const connected = await watched(provider);
    const known = await world.row(connected.id);
    // A restore brought back an older row: the watch that it names never was, and the one that rings is not on it.
    await world.amend(connected.id, known.watches.map((watch) => ({ ...watch, id: 'another' })));
    if (provider === 'microsoft') world.microsoft.behaviour.twinSubscriptionsConflict = false;
    const orphan = live(connected)[0];
    connected.person.add(soon(3));
    await settle();
    expect(live(connected)).not.toContain(orphan);
    if (provider === 'microsoft') world.microsoft.behaviour.twinSubscriptionsConflict = true;
  });

  it('that fall silent are found out by a poll, after a grace for late notices, and replaced; until the new one rings it is polled fast', async () => {
    const connected = await watched(provider);
    connected.person.add(soon(2));
    await settle();
    world.advance(minutes(2));
    await world.pull(connected.id);
    if (provider === 'google') for (const channel of world.google.channels()) channel.silent = true;
    else for (const id of live(connected)) world.microsoft.silence(id);
    const silent = live(connected)[0];
    world.advance(hours(1));
    connected.person.add(soon(4));
    await settle();
    expect(await isDirty(world, connected)).toBe(false);
    await pollNow(connected);
    expect((await world.pullRow(connected.id))['tight']).toBe(1);
    expect(live(connected)).toEqual([silent]);
    for (let polls = 0; polls < 10 && live(connected).includes(silent ?? ''); polls += 1) await pollNow(connected);
    expect(live(connected)).toHaveLength(1);
    expect(live(connected)).not.toContain(silent);
    connected.person.add(soon(6));
    await settle();
    await pollNow(connected);
    expect((await world.pullRow(connected.id))['tight']).toBeUndefined();
  });

  it('are not thought silent for a notice that is only late', async () => {
    const connected = await watched(provider);
    connected.person.add(soon(2));
    await settle();
    const [kept] = live(connected);
    world.advance(hours(1));
    world.reachable = false;
    connected.person.add(soon(4));
    await pollNow(connected);
    world.reachable = true;
    world.advance(minutes(2));
    await settle();
    world.advance(noticeGrace);
    await pollNow(connected);
    expect(live(connected)).toEqual([kept]);
  });

  it('that cannot be made are told of and tried again later, and meanwhile the calendar is read and polled fast', async () => {
    const path = provider === 'google' ? 'events/watch' : '/subscriptions';
    const fail = provider === 'google' ? world.google.addFault : world.microsoft.addFault;
    fail({ method: 'POST', path, when: 'before', status: 500, body: errorEnvelope(500, 'backendError') });
    const connected = await world.connect(provider);
    connected.person.add(soon(2));
    expect(await world.pull(connected.id)).toMatchObject({ outcome: 'pulled', watchError: { kind: 'unavailable' } });
    expect(await busy(world, connected)).toHaveLength(1);
    const row = await world.pullRow(connected.id);
    expect(row).toMatchObject({ tight: 1, watchFailures: 1 });
    world.advance(Number(row['dueWatch']) - world.clock());
    await world.pull(connected.id);
    expect(live(connected)).toHaveLength(1);
    expect((await world.row(connected.id)).watches).toHaveLength(1);
    expect((await world.pullRow(connected.id))['watchFailures']).toBeUndefined();
  });

  it('whose answer was lost leave nothing behind once another is made', async () => {
    const path = provider === 'google' ? 'events/watch' : '/subscriptions';
    (provider === 'google' ? world.google.addFault : world.microsoft.addFault)({ method: 'POST', path, when: 'after', reset: true });
    const connected = await world.connect(provider);
    await world.pull(connected.id);
    expect(live(connected)).toHaveLength(1);
    expect((await world.row(connected.id)).watches[0]?.expires_at).toBeUndefined();
    world.advance(hours(7));
    await world.pull(connected.id);
    expect(live(connected)).toEqual((await world.row(connected.id)).watches.map(({ id }) => id));
    expect(live(connected)).toHaveLength(1);
  });
});
