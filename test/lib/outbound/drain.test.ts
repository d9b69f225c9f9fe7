import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { days, minutes, seconds } from '../../../lib/platform/clock.ts';
import { Setting } from '../../../lib/platform/names.ts';
import { live } from '../../support/mortal.ts';
import { busy, notice, told } from '../../support/readings.ts';
import { refOf, startSmallWorld, type Connected, type SmallWorld } from '../../support/small-world.ts';
import { bringAbout as broughtAbout, isPending, newId, spanIn, targetOf, wishFor as recordWish } from '../../support/wishes.ts';
import { drain, outbound, pull } from '../../support/workers.ts';

let world: SmallWorld;
beforeAll(async () => {
  world = await startSmallWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.settings.reset();
  world.bookingHints.length = 0;
  world.changes.length = 0;
  world.google.clearFaults();
  world.microsoft.clearFaults();
});

const span = (from: number) => spanIn(world, from);
const wishFor = (connected: Pick<Connected, 'providerId'>, id: string, version: number, change: { at?: number } & Record<string, unknown> = {}) => recordWish(world, connected, { id, version, ...change });
const pending = (id: string) => isPending(world, id);
const target = (id: string) => targetOf(world, id);
const bringAbout = (id: string) => broughtAbout(world, id);
const simulatorOf = ({ provider }: Connected) => (provider === 'google' ? world.google : world.microsoft);
const writesAt = (connected: Connected, since: number) => simulatorOf(connected).requests.slice(since).filter(({ method }) => method !== 'GET').length;

describe.each(['google', 'microsoft'] as const)('a booking in a calendar of %s', (provider) => {
  it('is one event: created, changed in place, and gone when cancelled', async () => {
    const ada = await world.connect(provider);
    const id = newId();
    await wishFor(ada, id, 1, { title: 'Haircut', description: 'Long', location: 'Here' });
    expect(await drain(world, id)).toMatchObject({ outcome: 'done', targets: [{ outcome: 'created' }] });
    const [made, ...others] = ada.person.standing();
    expect(others).toEqual([]);
    expect(made).toMatchObject({ title: 'Haircut', description: 'Long', location: 'Here', ...span(5) });
    expect(await target(id)).toMatchObject({ external_event_id: made?.id, ical_uid: made?.icalUid, appliedVersion: 1 });

    await wishFor(ada, id, 2, { title: 'Shave', at: 9 });
    expect(await drain(world, id)).toMatchObject({ outcome: 'done', targets: [{ outcome: 'updated' }] });
    expect(ada.person.standing()).toEqual([{ ...made, title: 'Shave', description: '', location: '', ...span(9) }]);
    expect(await target(id)).toMatchObject({ external_event_id: made?.id, ical_uid: made?.icalUid, appliedVersion: 2 });

    await wishFor(ada, id, 3, { status: 'cancelled' });
    expect(await drain(world, id)).toMatchObject({ outcome: 'done', targets: [{ outcome: 'removed' }] });
    expect(ada.person.standing()).toEqual([]);

    await wishFor(ada, id, 4, { at: 11 });
    expect(await drain(world, id)).toMatchObject({ outcome: 'done', targets: [{ outcome: 'created' }] });
    expect(ada.person.standing()).toMatchObject([span(11)]);
  });

  it('that the provider refuses waits alone: the next booking of the same calendar is written', async () => {
    const ada = await world.connect(provider);
    const [refused, next] = [newId(), newId()];
    await wishFor(ada, refused, 1);
    simulatorOf(ada).addFault({ method: 'POST', path: 'events', when: 'before', status: 400, body: { error: { code: provider === 'google' ? 400 : 'ErrorInvalidRequest', message: 'No.', errors: [{ reason: 'invalid' }] } } });
    expect(await drain(world, refused)).toMatchObject({ outcome: 'left', targets: [{ outcome: 'failed' }] });
    await wishFor(ada, next, 1);
    expect(await drain(world, next)).toMatchObject({ outcome: 'done', targets: [{ outcome: 'created' }] });
    expect(await pending(refused)).toBe(true);
  });

  const twoCalendars = () => world.connect(provider, { calendars: [{ blocks: true, receives: true }, { blocks: true, receives: false }] });
  /** The second calendar receives in place of the first. */
  async function moveOver({ connection, calendars: [old, inPlace] }: Connected): Promise<void> {
    await world.tables.put('connections', { ...connection, calendars: [{ ...old, receives: false }, { ...inPlace, receives: true }] });
  }
  function refuseDeletes(ada: Connected, times?: number): void {
    const body = { error: { code: provider === 'google' ? 403 : 'ErrorAccessDenied', message: 'No.', errors: [{ domain: 'calendar', reason: 'requiredAccessLevel' }] } };
    simulatorOf(ada).addFault({ method: 'DELETE', path: 'events', when: 'before', status: 403, headers: { 'content-type': 'application/json' }, body, ...(times !== undefined && { times }) });
  }

  it('that cannot be taken out of a calendar which takes no writes any more holds up nobody: the calendar in its place gets it, and the next', async () => {
    const ada = await twoCalendars();
    const [moves, next] = [newId(), newId()];
    await wishFor(ada, moves, 1);
    await drain(world, moves);
    await moveOver(ada);
    refuseDeletes(ada);
    await outbound(world).bookings.mark(moves, world.clock());
    expect(await drain(world, moves)).toMatchObject({ outcome: 'left', targets: [{ outcome: 'created' }, { outcome: 'failed', retryAt: world.clock() + minutes(5) }] });
    await wishFor(ada, next, 1, { at: 9 });
    expect(await drain(world, next)).toMatchObject({ outcome: 'done', targets: [{ outcome: 'created' }] });
    expect(ada.hands[1]?.standing()).toMatchObject([span(5), span(9)]);
    expect(await pending(moves)).toBe(true);
    await bringAbout(moves);
    expect(ada.person.standing()).toEqual([]);
  });

  it('that can never be taken out of the calendar it left is asked for less and less, and stays there after a day', async () => {
    const ada = await twoCalendars();
    const id = newId();
    await wishFor(ada, id, 1, { at: 24 * 30 });
    await drain(world, id);
    await moveOver(ada);
    refuseDeletes(ada, 10_000);
    await outbound(world).bookings.mark(id, world.clock());
    const [since, until] = [simulatorOf(ada).requests.length, world.clock() + days(3)];
    while (world.clock() < until && (await pending(id))) {
      world.bookingHints.length = 0;
      await drain(world, id);
      world.advance(seconds(world.bookingHints.at(-1)?.delay ?? 0));
    }
    expect([await pending(id), ada.person.standing().length, ada.hands[1]?.standing().length]).toEqual([false, 1, 1]);
    expect(simulatorOf(ada).requests.slice(since).filter(({ method }) => method === 'DELETE').length).toBeLessThan(40);
    // A newer version tries once more.
    simulatorOf(ada).clearFaults();
    await wishFor(ada, id, 2, { at: 24 * 20 });
    await bringAbout(id);
    expect([ada.person.standing().length, ada.hands[1]?.standing().length]).toEqual([0, 1]);
  });

  it('that waited for days for a gate is not left where it was for one refusal', async () => {
    const ada = await twoCalendars();
    const id = newId();
    await wishFor(ada, id, 1, { at: 24 * 30 });
    await drain(world, id);
    await moveOver(ada);
    world.settings.values.set(Setting.syncEnabled, 'false');
    await outbound(world).bookings.mark(id, world.clock());
    await drain(world, id);
    world.advance(days(2));
    world.settings.values.set(Setting.syncEnabled, 'true');
    refuseDeletes(ada, 1);
    await bringAbout(id);
    expect([await pending(id), ada.person.standing().length, ada.hands[1]?.standing().length]).toEqual([false, 0, 1]);
  });

  it('asks nothing of the calendar when it is as wished already', async () => {
    const ada = await world.connect(provider);
    const id = newId();
    await wishFor(ada, id, 1);
    await drain(world, id);
    const before = simulatorOf(ada).requests.length;
    expect(await drain(world, id)).toMatchObject({ outcome: 'idle' });
    await outbound(world).bookings.mark(id, world.clock());
    expect(await drain(world, id)).toMatchObject({ outcome: 'done', targets: [] });
    expect(writesAt(ada, before)).toBe(0);
    expect(simulatorOf(ada).requests).toHaveLength(before);
  });

  it('is one event for two workers at once: one waits, two seconds and then twice as long up to a minute', async () => {
    const ada = await world.connect(provider);
    const id = newId();
    await wishFor(ada, id, 1);
    const ends: unknown[] = [];
    const life = live(undefined, {
      before: async (what) => {
        if (what !== 'calendar create') return;
        for (const tries of [0, 1, 3, 5, 50]) ends.push((await drain(world, id, undefined, tries)).targets[0]?.outcome);
      },
    });
    await drain(world, id, life);
    expect(ends).toEqual(['held', 'held', 'held', 'held', 'held']);
    expect(world.bookingHints.filter(({ hint }) => hint.tries !== undefined).map(({ hint, delay }) => [hint.tries, delay])).toEqual([[1, 2], [2, 4], [4, 16], [6, 60], [51, 60]]);
    expect(ada.person.standing()).toHaveLength(1);
  });

  it('is made anew by a newer version after a person deleted it, and only then', async () => {
    const ada = await world.connect(provider);
    const id = newId();
    await wishFor(ada, id, 1);
    await drain(world, id);
    const first = (await target(id))?.external_event_id ?? '';
    ada.person.remove(first);
    await outbound(world).bookings.mark(id, world.clock());
    await drain(world, id);
    expect(ada.person.standing()).toEqual([]);
    await wishFor(ada, id, 2, { title: 'Again' });
    expect(await drain(world, id)).toMatchObject({ outcome: 'done' });
    expect(ada.person.standing()).toMatchObject([{ title: 'Again' }]);
    expect(await target(id)).toMatchObject({ generation: 1 });
    expect((await target(id))?.external_event_id).not.toBe(first);
  });

  it('is one event though its calendar could not be reached for a while, and said of all in it that it was not there', async () => {
    const ada = await world.connect(provider);
    const id = newId();
    await wishFor(ada, id, 1);
    await drain(world, id);
    await pull(world, ada.id);
    const wished = span(9);
    await wishFor(ada, id, 2, { at: 9 });
    const body = { error: { code: provider === 'google' ? 404 : 'ErrorItemNotFound', message: 'Not found.', errors: [{ domain: 'global', reason: 'notFound' }] } };
    for (const method of ['PATCH', 'POST', 'GET']) simulatorOf(ada).addFault({ method, path: 'events', when: 'before', times: 9, status: 404, headers: { 'content-type': 'application/json' }, body });
    expect(await drain(world, id)).toMatchObject({ outcome: 'left', targets: [{ outcome: 'failed' }] });
    simulatorOf(ada).clearFaults();
    await bringAbout(id);
    await notice(world, ada);
    await pull(world, ada.id);
    await bringAbout(id);
    expect(ada.person.standing()).toMatchObject([wished]);
  });

  it('keeps what a person added: an edit between ours is read first, then ours is laid over it', async () => {
    const ada = await world.connect(provider);
    const id = newId();
    await wishFor(ada, id, 1);
    await drain(world, id);
    ada.person.change((await target(id))?.external_event_id ?? '', provider === 'google' ? { colorId: '5' } : { categories: ['Mine'] });
    await wishFor(ada, id, 2, { title: 'Newer' });
    const life = live();
    await drain(world, id, life);
    expect(life.calls.filter((call) => call.startsWith('calendar'))).toEqual(['calendar update', 'calendar read', 'calendar update']);
    expect(ada.person.standing()).toMatchObject([{ title: 'Newer' }]);
    expect(ada.person.raw((await target(id))?.external_event_id ?? '')).toMatchObject(provider === 'google' ? { colorId: '5' } : { categories: ['Mine'] });
  });

  it('cancelled while the answer to its creation is unknown, is looked for again until it can no longer appear', async () => {
    const ada = await world.connect(provider);
    const id = newId();
    await wishFor(ada, id, 1);
    const life = live(undefined, { before: (what) => (what === 'calendar create' ? Promise.reject(new Error('reset')) : Promise.resolve()) });
    await drain(world, id, life);
    const row = await target(id);
    await wishFor(ada, id, 2, { status: 'cancelled' });
    world.advance(minutes(6));
    expect(await drain(world, id)).toMatchObject({ outcome: 'left', targets: [{ outcome: 'wait', retryAt: (row?.attemptedAt ?? 0) + minutes(10) }] });
    expect(await pending(id)).toBe(true);
    // The late effect of the request whose connection was reset.
    const identity = { connectionId: ada.id, calendarId: refOf(ada).id, bookingId: id, generation: 0 };
    await ada.adapter.create(refOf(ada), identity, { title: 'Late', start: new Date(span(5).start).toISOString(), end: new Date(span(5).end).toISOString(), version: 1 });
    await bringAbout(id);
    expect(ada.person.standing()).toEqual([]);
  });

  it('counts the ten minutes from the last attempt to create it', async () => {
    const ada = await world.connect(provider);
    const id = newId();
    await wishFor(ada, id, 1);
    const failing = () => live(undefined, { before: (what) => (what === 'calendar create' ? Promise.reject(new Error('reset')) : Promise.resolve()) });
    await drain(world, id, failing());
    world.advance(minutes(9));
    await drain(world, id, failing());
    const again = world.clock();
    world.advance(minutes(6));
    await wishFor(ada, id, 2, { status: 'cancelled' });
    expect(await drain(world, id)).toMatchObject({ targets: [{ outcome: 'wait', retryAt: again + minutes(10) }] });
  });

  it('that a zombie made beside it late is removed once a pull shows it, whether or not a newer wish is pending', async () => {
    for (const whilePending of [false, true]) {
      const ada = await world.connect(provider);
      const id = newId();
      await wishFor(ada, id, 1);
      await drain(world, id);
      ada.person.remove((await target(id))?.external_event_id ?? '');
      await wishFor(ada, id, 2);
      await drain(world, id);
      await pull(world, ada.id);
      const stands = (await target(id))?.external_event_id;
      if (whilePending) await wishFor(ada, id, 3, { title: 'Third' });
      await ada.adapter.create(refOf(ada), { connectionId: ada.id, calendarId: refOf(ada).id, bookingId: id, generation: 7 }, { title: 'Zombie', start: new Date(span(5).start).toISOString(), end: new Date(span(5).end).toISOString(), version: 1 });
      expect(ada.person.standing()).toHaveLength(2);
      await notice(world, ada);
      await pull(world, ada.id);
      expect(await busy(world, ada)).toEqual([]);
      await drain(world, id);
      await bringAbout(id);
      expect({ whilePending, standing: ada.person.standing().map((event) => event.id) }).toEqual({ whilePending, standing: [stands] });
      expect((await target(id))?.strays).toBeUndefined();
    }
  });

  it('that a zombie wrote back to an older version is put right once a pull shows it', async () => {
    const ada = await world.connect(provider);
    const id = newId();
    await wishFor(ada, id, 1, { title: 'Old' });
    await drain(world, id);
    await wishFor(ada, id, 2, { title: 'New', at: 8 });
    await drain(world, id);
    await pull(world, ada.id);
    const [row, wished] = [await target(id), span(8)];
    const identity = { connectionId: ada.id, calendarId: refOf(ada).id, bookingId: id, generation: 0 };
    await ada.adapter.update(refOf(ada), row?.external_event_id ?? '', identity, { title: 'Old', start: new Date(span(5).start).toISOString(), end: new Date(span(5).end).toISOString(), version: 1 });
    await notice(world, ada);
    await pull(world, ada.id);
    await bringAbout(id);
    expect(ada.person.standing()).toMatchObject([{ title: 'New', ...wished }]);
  });

  it('follows its provider and the receiving calendar: the old event goes', async () => {
    const ada = await twoCalendars();
    const bob = await world.connect(provider);
    const id = newId();
    await wishFor(ada, id, 1);
    await drain(world, id);
    const moved = { ...ada.connection, calendars: ada.calendars.map((calendar, index) => ({ ...calendar, receives: index === 1 })) };
    await world.tables.put('connections', { ...moved });
    await outbound(world).bookings.mark(id, world.clock());
    await bringAbout(id);
    expect(ada.hands.map((hand) => hand.standing().length)).toEqual([0, 1]);

    await wishFor(bob, id, 2);
    await bringAbout(id);
    expect([...ada.hands, ...bob.hands].map((hand) => hand.standing().length)).toEqual([0, 0, 1]);
  });

  it('is made for the new provider though the old one is no longer let in', async () => {
    const [ada, bob] = [await world.connect(provider), await world.connect(provider)];
    const id = newId();
    await wishFor(ada, id, 1);
    await drain(world, id);
    await wishFor(bob, id, 2);
    world.settings.values.set(Setting.providerAllowlist, bob.providerId);
    expect(await drain(world, id)).toMatchObject({ outcome: 'gated' });
    const heldBy = async () => (await world.tables.get('booking-events', { booking_id: id, part: 'wish' }))?.['heldBy'];
    expect(await heldBy()).toBe(ada.providerId);
    await wishFor(bob, id, 3);
    expect(await heldBy()).toBeUndefined();
    await drain(world, id);
    expect([...ada.hands, ...bob.hands].map((hand) => hand.standing().length)).toEqual([1, 1]);
    expect(await pending(id)).toBe(true);
    world.settings.reset();
    await bringAbout(id);
    expect([...ada.hands, ...bob.hands].map((hand) => hand.standing().length)).toEqual([0, 1]);
  });

  it('that a person made to recur is theirs: every occurrence stays, and blocks like any event; the first is no conflict with the booking itself', async () => {
    const ada = await world.connect(provider);
    const id = newId();
    await pull(world, ada.id);
    await wishFor(ada, id, 1);
    await drain(world, id);
    const startDate = new Date(span(5).start).toISOString().slice(0, 10);
    const range = { type: 'numbered', startDate, numberOfOccurrences: 3, recurrenceTimeZone: 'Europe/Berlin' };
    ada.person.change((await target(id))?.external_event_id ?? '', { recurrence: provider === 'google' ? ['RRULE:FREQ=DAILY;COUNT=3'] : { pattern: { type: 'daily', interval: 1 }, range } });
    for (let time = 0; time < 2; time += 1) {
      await notice(world, ada);
      await pull(world, ada.id);
      expect(await pending(id)).toBe(false);
      expect(await busy(world, ada)).toHaveLength(3);
      world.advance(minutes(2));
    }
    expect(world.changes.filter(({ type }) => type === 'booking.conflict')).toEqual([]);
    const shown: unknown[] = [];
    for await (const page of ada.adapter.everything(refOf(ada), { from: world.clock(), to: world.clock() + days(9) })) shown.push(...page.items);
    expect(shown).toHaveLength(3);
  });

  it('blocks nothing of itself, but a copy that a person made of it blocks like any event', async () => {
    const ada = await world.connect(provider);
    const id = newId();
    await wishFor(ada, id, 1);
    await drain(world, id);
    await pull(world, ada.id);
    expect(await busy(world, ada)).toEqual([]);
    const original = ada.person.raw((await target(id))?.external_event_id ?? '') ?? {};
    ada.person.add(span(30), provider === 'google' ? { extendedProperties: original['extendedProperties'] } : {});
    await notice(world, ada);
    await pull(world, ada.id);
    expect(await busy(world, ada)).toEqual([told(span(30))]);
    expect(await pending(id)).toBe(false);
  });
});

describe('a drain', () => {
  it('leaves out a connection that is not active', async () => {
    const ada = await world.connect('google');
    await world.tables.put('connections', { ...ada.connection, state: 'reauthorization_required' });
    const id = newId();
    await wishFor(ada, id, 1);
    expect(await drain(world, id)).toMatchObject({ outcome: 'done', targets: [] });
    expect(ada.person.standing()).toEqual([]);
  });

  it('keeps pending what changed while it was at work, and rings once, a second later', async () => {
    const ada = await world.connect('google');
    const id = newId();
    await wishFor(ada, id, 1);
    const life = live(undefined, { before: async (what) => void (what === 'calendar create' && (await outbound(world).bookings.mark(id, world.clock()))) });
    expect(await drain(world, id, life)).toMatchObject({ outcome: 'left' });
    expect(world.bookingHints).toEqual([{ hint: { v: 1, hint: 'booking', booking_id: id }, delay: 1 }]);
    expect(await pending(id)).toBe(true);
    expect(await drain(world, id)).toMatchObject({ outcome: 'done' });
  });

  it('backs off after a failure, and leaves the wish alone until then', async () => {
    const ada = await world.connect('google');
    const id = newId();
    await wishFor(ada, id, 1);
    world.google.addFault({ method: 'POST', path: '^/calendar/v3/', when: 'before', status: 503 });
    expect(await drain(world, id)).toMatchObject({ outcome: 'left', targets: [{ outcome: 'failed' }] });
    const { wish } = await outbound(world).bookings.read(id);
    expect((wish?.retryAt ?? 0) - world.clock()).toBeGreaterThanOrEqual(seconds(30));
    expect(await drain(world, id)).toMatchObject({ targets: [{ outcome: 'backing_off' }] });
    await bringAbout(id);
    expect(ada.person.standing()).toHaveLength(1);
  });

  it('writes nothing while the gate is closed or unknown; on again, the newest version is applied once', async () => {
    const ada = await world.connect('google');
    const id = newId();
    world.settings.unknown = true;
    for (const version of [1, 2, 3]) {
      await wishFor(ada, id, version, { title: `v${version}` });
      expect(await drain(world, id)).toMatchObject({ outcome: 'gated' });
    }
    expect(world.bookingHints).toEqual([]);
    world.settings.reset();
    const before = world.google.requests.length;
    await drain(world, id);
    expect(writesAt(ada, before)).toBe(1);
    expect(ada.person.standing()).toMatchObject([{ title: 'v3' }]);
  });
});
