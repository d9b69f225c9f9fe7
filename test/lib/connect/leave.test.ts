import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { CalendarError } from '../../../lib/calendars/port.ts';
import { beginLeaving } from '../../../lib/connect/begin-leaving.ts';
import { connectionRows } from '../../../lib/connect/connection-rows.ts';
import { eraseProvider, type EraseParts } from '../../../lib/connect/erase-provider.ts';
import { readBookingEvent } from '../../../lib/outbound/booking-event.ts';
import { bookings } from '../../../lib/outbound/bookings.ts';
import { eraseBookings } from '../../../lib/outbound/erase-bookings.ts';
import { futureBookings } from '../../../lib/outbound/future-bookings.ts';
import { removeOurEvents } from '../../../lib/outbound/remove-our-events.ts';
import { connectionIdsOf, pushRows } from '../../../lib/outbound/targets.ts';
import { days, hours, minutes, seconds } from '../../../lib/platform/clock.ts';
import { connections } from '../../../lib/platform/connections.ts';
import { toItem } from '../../../lib/platform/dynamo.ts';
import { leases } from '../../../lib/platform/lease.ts';
import { eraseKey, leavingRows } from '../../../lib/platform/leaving-rows.ts';
import type { ProviderHint } from '../../../lib/platform/messages.ts';
import { Setting, tableNames } from '../../../lib/platform/names.ts';
import { tick } from '../../../lib/upkeep/tick.ts';
import { upkeepStates } from '../../../lib/upkeep/upkeep-state.ts';
import { live, type Fate } from '../../support/mortal.ts';
import { receiveNotices, type NoticeReceiver } from '../../support/notice-receiver.ts';
import { busy } from '../../support/readings.ts';
import { refOf, startSmallWorld, type Connected, type Sent, type SmallWorld } from '../../support/small-world.ts';
import { drain, fakeQueue, leaseLength, pull, telling } from '../../support/workers.ts';

let world: SmallWorld;
let receiver: NoticeReceiver;
beforeAll(async () => {
  [world, receiver] = await Promise.all([startSmallWorld(17), receiveNotices()]);
});
afterAll(async () => {
  await world.close();
  await receiver.close();
});
beforeEach(() => {
  world.settings.reset();
  world.hints.length = 0;
  world.bookingHints.length = 0;
  world.changes.length = 0;
  world.revoked.length = 0;
});

const both = ['google', 'microsoft'] as const;
const inHours = (from: number) => ({ start: world.clock() + hours(from), end: world.clock() + hours(from + 1) });
const stores = () => {
  const { dynamo, named } = world.tables;
  return {
    connections: connections(dynamo, named.connections), leaving: leavingRows(dynamo, named['sync-state']), bookings: bookings(dynamo, named['booking-events']), future: futureBookings(dynamo, named['booking-events']),
    rows: connectionRows(dynamo, { connections: named.connections, syncState: named['sync-state'], busyIntervals: named['busy-intervals'] }),
    hints: fakeQueue(live(), world.hints, 'inbound hint'), clock: world.clock,
  };
};
const disconnect = (connectionId: string, removes = false): Promise<boolean> => beginLeaving(stores(), connectionId, removes);

let count = 0;
async function book({ providerId }: Connected, from: number, id = `leave-${(count += 1)}`, version = 1): Promise<string> {
  const iso = (ms: number): string => new Date(ms).toISOString();
  const { start, end } = inHours(from);
  const read = readBookingEvent({ id: `e-${id}`, type: 'booking.created', occurred_at: iso(start), booking: { id, version, provider_id: providerId, service_id: 's', title: 'T', start_time: iso(start), end_time: iso(end), status: 'confirmed' } });
  if (read.kind !== 'booking') throw new Error(read.detail);
  await stores().bookings.record(read.booking, world.clock());
  await drain(world, id);
  return id;
}

/** A connection with a genuine watch, an event of the person's, and a booking to come. */
async function atWork(provider: 'google' | 'microsoft', providerId?: string): Promise<Connected> {
  const ada = await world.connect(provider, providerId === undefined ? {} : { providerId });
  const watch = await ada.adapter.watch(refOf(ada), { id: `watch-${ada.id}`, secret: 'secret', address: receiver.url, expiresAt: world.clock() + days(6) });
  const row = { id: watch.id, expires_at: watch.expiresAt, key_id: 'k1', ...(provider === 'google' && { calendar_key: refOf(ada).key }), ...(watch.resourceId !== undefined && { resource_id: watch.resourceId }) };
  await world.tables.dynamo.send(new UpdateItemCommand({ TableName: world.tables.named.connections, Key: { connection_id: { S: ada.id } }, UpdateExpression: 'SET watches = :watches', ExpressionAttributeValues: toItem({ ':watches': [row] }) }));
  ada.person.add(inHours(10));
  await pull(world, ada.id);
  await book(ada, 30);
  expect(watchesLeft(ada.account)).toBe(1);
  return ada;
}

/** As hints and upkeep would, until it is gone. */
async function untilGone(id: string, most = 8): Promise<string[]> {
  const outcomes: string[] = [];
  for (let n = 0; n < most; n += 1) {
    const { outcome } = await pull(world, id);
    outcomes.push(outcome);
    if (outcome === 'removed' || outcome === 'gone') return outcomes;
    world.advance(minutes(2));
  }
  return outcomes;
}

const rowsOf = async (connected: Pick<Connected, 'id'>): Promise<string[]> => {
  const found: string[] = [];
  for (const table of ['connections', 'sync-state', 'busy-intervals'] as const) {
    for (const row of await world.tables.all(table)) if (JSON.stringify(row, (_, value: unknown) => (value instanceof Set ? [...value] : value)).includes(`${connected.id}"`) || String(row['row'] ?? '').startsWith(`${connected.id}#`)) found.push(`${table} ${JSON.stringify(row)}`);
  }
  return found;
};
const watchesLeft = (account: string): number =>
  world.google.channels().filter(({ caller }) => caller.email === account).length + world.microsoft.subscriptions().filter((one) => one['account'] === account).length;
const upkeep = (providerHints: Sent<ProviderHint>[] = []) => {
  const { dynamo, named } = world.tables;
  const queue = <H>(sent: Sent<H>[]) => fakeQueue(live(), sent, 'hint');
  return tick({
    ...telling(), dynamo, settings: world.settings, clock: world.clock, tables: { connections: named.connections, syncState: named['sync-state'], bookingEvents: named['booking-events'] },
    states: upkeepStates(dynamo, named['sync-state']), inbound: queue(world.hints), booking: queue(world.bookingHints), provider: queue(providerHints),
  });
};

describe.each(both)('a connection to %s that is disconnected', (provider) => {
  it('frees its busy time at once, leaves the events where they are, no watch and no row, and says so', async () => {
    const ada = await atWork(provider);
    expect(await busy(world, ada)).toHaveLength(1);
    expect(await disconnect(ada.id)).toBe(true);
    expect(await busy(world, ada)).toEqual([]);
    expect(await untilGone(ada.id)).toEqual(['removed']);
    expect(await rowsOf(ada)).toEqual([]);
    expect(watchesLeft(ada.account)).toBe(0);
    expect(ada.person.standing()).toHaveLength(2);
    expect(world.changes.map(({ type }) => type).filter((type) => type !== 'busy.changed')).toEqual(['connection.removed']);
    expect(world.revoked).toHaveLength(provider === 'google' ? 1 : 0);
    expect(await disconnect(ada.id)).toBe(false);
  });

  it('takes our events to come with it where asked, and leaves those of the past and the person’s own', async () => {
    const ada = await atWork(provider);
    const past = await book(ada, 2);
    world.advance(hours(4));
    await disconnect(ada.id, true);
    await untilGone(ada.id);
    const { targets } = await stores().bookings.read(past);
    expect(ada.person.standing().map(({ id, title }) => id === targets[0]?.external_event_id || title)).toEqual(expect.arrayContaining([true, 'Private']));
    expect(ada.person.standing()).toHaveLength(2);
  });

  it('spends of the budget of calls as bookings do: where it is short the goodbye waits, its busy time free already', async () => {
    const ada = await atWork(provider);
    const spent: string[] = [];
    const short = () => Promise.reject(new CalendarError('throttled', { reason: 'our_own_budget', retryAfterMs: minutes(3) }));
    world.quota = { meter: (_provider, purpose) => ({ permit: () => (spent.push(purpose), short()), count: () => ({ callsLeft: undefined, callsAt: undefined }) }) };
    await disconnect(ada.id, true);
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'leaving', step: 'watches' });
    world.advance(minutes(2));
    expect([await pull(world, ada.id), spent, watchesLeft(ada.account), await busy(world, ada)]).toEqual([{ outcome: 'backing_off' }, ['booking'], 1, []]);
    delete world.quota;
    world.advance(minutes(2));
    expect(await untilGone(ada.id)).toContain('removed');
    expect([watchesLeft(ada.account), ada.person.standing().length]).toEqual([0, 1]);
  });

  it('goes with sync off, rung for by upkeep alone', async () => {
    const ada = await atWork(provider);
    await disconnect(ada.id);
    for (const flag of [Setting.syncEnabled, Setting.jobsEnabled, Setting.webhookEnabled]) world.settings.values.set(flag, 'false');
    world.hints.length = 0;
    await upkeep();
    expect(world.hints.map(({ hint }) => hint.connection_id)).toEqual([ada.id]);
    expect(await untilGone(ada.id)).toEqual(['removed']);
    expect(watchesLeft(ada.account)).toBe(0);
  });

  it('waits for sync only with what the caller asked to remove, and keeps its tokens till then', async () => {
    const ada = await atWork(provider);
    world.settings.values.set(Setting.syncEnabled, 'false');
    await disconnect(ada.id, true);
    expect(await untilGone(ada.id, 3)).toEqual(['leaving', 'leaving', 'leaving']);
    expect(watchesLeft(ada.account)).toBe(0);
    expect(await stores().connections.get(ada.id)).toMatchObject({ state: 'disconnecting', tokens: 'sealed' });
    expect(ada.person.standing()).toHaveLength(2);
    world.settings.reset();
    expect((await untilGone(ada.id)).at(-1)).toBe('removed');
    expect(ada.person.standing()).toHaveLength(1);
  });

  it('comes to the same end through a crash at every call', async () => {
    const measured = await atWork(provider);
    await disconnect(measured.id, true);
    const whole = live();
    await pull(world, measured.id, whole);
    expect(whole.calls.length).toBeGreaterThan(20);
    for (let at = 1; at <= whole.calls.length; at += 1) {
      const how: Fate['how'] = at % 2 === 0 ? 'before' : 'after';
      const ada = await atWork(provider);
      world.changes.length = 0;
      await disconnect(ada.id, true);
      await pull(world, ada.id, live({ at, how })).catch(() => undefined);
      world.advance(leaseLength + 1);
      await untilGone(ada.id);
      expect([at, how, await rowsOf(ada)]).toEqual([at, how, []]);
      expect([at, watchesLeft(ada.account), ada.person.standing().length]).toEqual([at, 0, 1]);
      expect(new Set(world.changes.filter(({ type }) => type === 'connection.removed').map(({ cause }) => cause)).size).toBe(1);
    }
  }, 120_000);

  it('lets no booking in that was on its way', async () => {
    const ada = await atWork(provider);
    await disconnect(ada.id, true);
    await untilGone(ada.id);
    await book(ada, 50);
    expect(ada.person.standing()).toHaveLength(1);
  });
});

it('a Google account is not revoked while another connection of it lives, and then by the last', async () => {
  const [ada, other] = [await atWork('google'), await atWork('google')];
  for (const id of [ada.id, other.id]) await world.tables.put('connections', { ...(await stores().connections.get(id)), account: 'one-account' });
  await disconnect(ada.id);
  await untilGone(ada.id);
  expect(world.revoked).toEqual([]);
  await disconnect(other.id);
  await untilGone(other.id);
  expect(world.revoked).toHaveLength(1);
});

it('a mailbox that another connection has taken over keeps the watch of that one', async () => {
  const ada = await atWork('microsoft');
  await world.tables.put('connections', { ...(await stores().connections.get(ada.id)), watches: [] });
  await world.tables.put('connections', { ...(await stores().connections.get(ada.id)), connection_id: 'heir', provider_id: 'heir' });
  await disconnect(ada.id);
  expect(await untilGone(ada.id)).toEqual(['removed']);
  expect(watchesLeft(ada.account)).toBe(1);
});

it('a dead grant does not keep a connection from leaving', async () => {
  const ada = await atWork('google');
  world.tokens.delete(ada.id);
  await disconnect(ada.id, true);
  expect(await untilGone(ada.id)).toEqual(['removed']);
});

const erasing = (): EraseParts => {
  const { dynamo, named } = world.tables;
  const { future } = stores();
  return {
    ...stores(),
    connectionIdsOf: connectionIdsOf(dynamo, named['busy-intervals']), begin: disconnect, providerHints: fakeQueue<ProviderHint>(live(), [], 'provider hint'),
    eraseBookings: (providerId: string, endsAt: number) => eraseBookings({ dynamo, table: named['booking-events'], bookings: stores().bookings, future, clock: world.clock }, providerId, endsAt),
  };
};

it('a provider whose erasing is asked for again is looked for again five minutes after that: who was consenting when it began is found', async () => {
  const again = (): Promise<void> => stores().leaving.begin(eraseKey('hasty'), { providerId: 'hasty', removes: false, now: world.clock() });
  const runs = (): Promise<number> => eraseProvider(erasing(), 'hasty', world.clock() + leaseLength);
  for (let n = 0; n < 2; n += 1) {
    await again();
    await runs();
    world.advance(seconds(2));
  }
  // Was asked whether the provider is being erased before the first of these.
  const ada = await world.connect('google', { providerId: 'hasty' });
  for (let n = 0; n < 12; n += 1) {
    world.advance(minutes(1));
    await runs();
    await pull(world, ada.id);
  }
  expect(await rowsOf(ada)).toEqual([]);
  expect(await stores().leaving.get(eraseKey('hasty'))).toBeUndefined();
});

it('a connection that is leaving already lets our events go too once its provider is erased with them', async () => {
  const ada = await atWork('microsoft', 'late');
  const short = () => Promise.reject(new CalendarError('throttled', { reason: 'our_own_budget' }));
  world.quota = { meter: () => ({ permit: short, count: () => ({ callsLeft: undefined, callsAt: undefined }) }) };
  await disconnect(ada.id);
  expect(await pull(world, ada.id)).toMatchObject({ outcome: 'leaving', step: 'watches' });
  await stores().leaving.begin(eraseKey('late'), { providerId: 'late', removes: true, now: world.clock() });
  await eraseProvider(erasing(), 'late', world.clock() + leaseLength);
  delete world.quota;
  world.advance(minutes(1));
  expect(await untilGone(ada.id)).toEqual(['removed']);
  expect(ada.person.standing().map(({ title }) => title)).toEqual(['Private']);
});

it('a connection that waits for its grant to be revoked still lets our events go where that is asked for by then', async () => {
  const ada = await atWork('google');
  await disconnect(ada.id);
  const out = (what: string): Promise<void> => (what === 'calendar revoke' ? Promise.reject(new CalendarError('unavailable')) : Promise.resolve());
  expect(await pull(world, ada.id, live(undefined, { before: out }))).toMatchObject({ outcome: 'leaving', step: 'revoke' });
  await disconnect(ada.id, true);
  expect(await untilGone(ada.id)).toEqual(['removed']);
  expect(ada.person.standing().map(({ title }) => title)).toEqual(['Private']);
  expect(world.revoked).toHaveLength(1);
});

it('a connection that is asked in the midst of its last steps to take our events along does so', async () => {
  const ada = await atWork('google');
  await disconnect(ada.id);
  let asked = false;
  const late = async (what: string): Promise<void> => {
    if (what === 'calendar stop' && !asked) asked = await disconnect(ada.id, true);
  };
  await pull(world, ada.id, live(undefined, { after: late }));
  await untilGone(ada.id);
  expect([asked, ada.person.standing().map(({ title }) => title)]).toEqual([true, ['Private']]);
  expect(await rowsOf(ada)).toEqual([]);
});

it.each(both)('a booking at %s that went to a colleague just before goes with our events, though its removal was not made yet', async (provider) => {
  const [ada, bob] = [await atWork(provider), await world.connect(provider)];
  const id = await book(ada, 40);
  const iso = (ms: number): string => new Date(ms).toISOString();
  const { start, end } = inHours(40);
  const read = readBookingEvent({ id: 'handed-over', type: 'booking.updated', occurred_at: iso(start), booking: { id, version: 2, provider_id: bob.providerId, service_id: 's', title: 'T', start_time: iso(start), end_time: iso(end), status: 'confirmed' } });
  if (read.kind !== 'booking') throw new Error(read.detail);
  await stores().bookings.record(read.booking, world.clock());
  await disconnect(ada.id, true);
  for (let n = 0; n < 4; n += 1) {
    await drain(world, id);
    await pull(world, ada.id);
    world.advance(minutes(2));
  }
  expect([await rowsOf(ada), ada.person.standing().map(({ title }) => title), bob.person.standing().length]).toEqual([[], ['Private'], 1]);
  expect((await stores().bookings.read(id)).wish?.pendingSince).toBeUndefined();
});

it.each(both)('a booking at %s that is cancelled while the goodbye waits for sync is not rung for meanwhile, and goes once it is on', async (provider) => {
  const ada = await atWork(provider);
  const id = await book(ada, 500);
  world.settings.values.set(Setting.providerAllowlist, 'somebody-else');
  await disconnect(ada.id, true);
  await pull(world, ada.id);
  const iso = (ms: number): string => new Date(ms).toISOString();
  const { start, end } = inHours(500);
  const read = readBookingEvent({ id: 'cancelled-late', type: 'booking.cancelled', occurred_at: iso(start), booking: { id, version: 2, provider_id: ada.providerId, service_id: 's', title: 'T', start_time: iso(start), end_time: iso(end), status: 'cancelled' } });
  if (read.kind !== 'booking') throw new Error(read.detail);
  await stores().bookings.record(read.booking, world.clock());
  world.bookingHints.length = 0;
  expect(await drain(world, id)).toMatchObject({ outcome: 'gated', targets: [{ connectionId: ada.id, outcome: 'gated' }] });
  expect(world.bookingHints).toEqual([]);
  expect((await world.tables.all('booking-events')).find((row) => row['booking_id'] === id && row['part'] === 'wish')).toMatchObject({ heldBy: ada.providerId });
  world.settings.reset();
  for (let n = 0; n < 3; n += 1) {
    world.advance(minutes(2));
    await pull(world, ada.id);
    await drain(world, id);
  }
  expect([await rowsOf(ada), ada.person.standing().map(({ title }) => title), (await stores().bookings.read(id)).wish?.pendingSince]).toEqual([[], ['Private'], undefined]);
});

it('an erasing that is asked for again during its last walk begins again: what came behind the walk goes too', async () => {
  const key = eraseKey('twice');
  const ask = (): Promise<void> => stores().leaving.begin(key, { providerId: 'twice', removes: false, now: world.clock() });
  const late = 'erase-late';
  let walks = 0;
  const parts = erasing();
  const asked: EraseParts = {
    ...parts,
    async eraseBookings(providerId, endsAt) {
      walks += 1;
      const end = await parts.eraseBookings(providerId, endsAt);
      if (walks !== 2) return end;
      world.advance(seconds(1));
      await book({ providerId } as Connected, 60, late);
      await ask();
      return end;
    },
  };
  await ask();
  for (let n = 0; n < 5; n += 1) {
    await eraseProvider(asked, 'twice', world.clock() + leaseLength);
    world.advance(minutes(6));
  }
  expect([await stores().leaving.get(key), (await stores().bookings.read(late)).wish]).toEqual([undefined, undefined]);
});

it('a goodbye that takes our events along ends its run in time, however much of others is pending', async () => {
  const ada = await atWork('google');
  const { leaving: _leaving, ...parts } = { ...stores(), leases: leases(world.tables.dynamo, world.tables.named['sync-state']), pushRow: pushRows(world.tables.dynamo, world.tables.named['sync-state']) };
  let pages = 0;
  async function* pending(): AsyncGenerator<readonly string[]> {
    for (; pages < 100; pages += 1) {
      world.advance(seconds(10));
      yield ['somebody-elses'];
    }
  }
  const endsAt = world.clock() + leaseLength;
  const run = removeOurEvents({ ...parts, future: { ...parts.future, pending } }, ada.connection, { calendars: () => ada.adapter, endsAt });
  await expect(run).rejects.toMatchObject({ kind: 'out_of_time' });
  expect(world.clock()).toBeLessThanOrEqual(endsAt);
});

it('a provider who is erased leaves nothing in any table', async () => {
  const ada = await atWork('google', 'erased');
  const second = await atWork('microsoft', 'erased');
  await book(ada, 60, 'erased-booking');
  // A person deletes the event, and a newer version is a new event: what pointed to the first must go too.
  for (const hands of [ada.person, second.person]) for (const { id, title } of hands.standing()) if (title === 'T') hands.remove(id);
  await book(ada, 61, 'erased-booking', 2);
  await stores().leaving.begin(eraseKey('erased'), { providerId: 'erased', removes: true, now: world.clock() });
  const parts = erasing();
  const rung: Sent<ProviderHint>[] = [];
  for (let n = 0; n < 12; n += 1) {
    rung.length = 0;
    await upkeep(rung);
    for (const { hint } of rung) await eraseProvider(parts, hint.provider_id, world.clock() + leaseLength);
    for (const { id } of [ada, second]) await pull(world, id);
    world.advance(minutes(2));
  }
  const left: string[] = [];
  for (const table of tableNames) for (const row of await world.tables.all(table)) if (JSON.stringify(row).includes('erased') || [ada.id, second.id].some((id) => JSON.stringify(row).includes(`${id}#`))) left.push(`${table} ${JSON.stringify(row)}`);
  expect(left).toEqual([]);
  expect([ada, second].map(({ account }) => watchesLeft(account))).toEqual([0, 0]);
  expect(ada.person.standing()).toHaveLength(1);
});
