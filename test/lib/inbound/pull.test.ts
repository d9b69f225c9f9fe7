import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { days, hours, minutes, seconds } from '../../../lib/platform/clock.ts';
import { Setting } from '../../../lib/platform/names.ts';
import { busy, health, isDirty, mark, notice, part, stateOf, told, truth } from '../../support/readings.ts';
import { startSmallWorld, type SmallWorld } from '../../support/small-world.ts';
import { live } from '../../support/mortal.ts';
import { inbound, pull } from '../../support/workers.ts';

let world: SmallWorld;
beforeAll(async () => {
  world = await startSmallWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.settings.reset();
  world.hints.length = 0;
  world.changes.length = 0;
});

const inHours = (from: number, length = 1) => ({ start: world.clock() + hours(from), end: world.clock() + hours(from + length) });
const both = ['google', 'microsoft'] as const;

describe.each(both)('a pull from %s', (provider) => {
  it('lists at first, then follows each change: added, moved, moved out of the window, deleted', async () => {
    const ada = await world.connect(provider);
    const [first, second, third] = [ada.person.add(inHours(5)), ada.person.add(inHours(8)), ada.person.add(inHours(11))];
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'pulled', items: 3 });
    expect(await busy(world, ada)).toEqual([told(inHours(5)), told(inHours(8)), told(inHours(11))].sort());

    ada.person.move(first, inHours(20));
    ada.person.remove(second);
    ada.person.move(third, inHours(24 * 300));
    await notice(world, ada);
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'pulled' });
    expect(await busy(world, ada)).toEqual([told(inHours(20))]);
    expect(await isDirty(world, ada)).toBe(false);

    ada.person.move(third, inHours(30));
    await notice(world, ada);
    await pull(world, ada.id);
    expect(await busy(world, ada)).toEqual([told(inHours(20)), told(inHours(30))].sort());
  });

  it('does nothing for a hint that finds neither mark nor due time', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    const life = live();
    expect(await pull(world, ada.id, life)).toEqual({ outcome: 'idle' });
    expect(life.calls).toEqual(['Query sync-state']);
  });

  it('saves its cursors last of all that it writes, and also when nothing has changed', async () => {
    const ada = await world.connect(provider);
    ada.person.add(inHours(3));
    await pull(world, ada.id);
    world.advance(minutes(1));
    await notice(world, ada);
    const life = live();
    await pull(world, ada.id, life);
    const key = ada.calendars[0]?.key ?? '';
    expect((await stateOf(world, ada)).cursors.get(key)?.lastRead).toBe(world.clock());
    const writes = life.calls.filter((call) => /^(Put|Update)/.test(call));
    expect(writes).toEqual(['UpdateItem sync-state', 'PutItem busy-intervals', 'PutItem sync-state', 'UpdateItem sync-state', 'UpdateItem sync-state']);
  });

  it('lists once more where the cursor is gone, and not a second time', async () => {
    const ada = await world.connect(provider);
    const kept = ada.person.add(inHours(3));
    await pull(world, ada.id);
    ada.person.move(kept, inHours(7));
    if (provider === 'google') world.google.expireSyncTokens();
    else world.microsoft.expireDeltaTokens(ada.account);
    await notice(world, ada);
    const life = live();
    expect(await pull(world, ada.id, life)).toMatchObject({ outcome: 'pulled' });
    expect(await busy(world, ada)).toEqual([told(inHours(7))]);
    expect(life.calls.filter((call) => call === 'calendar page').length).toBeLessThanOrEqual(4);
  });

  it('writes no busy row where a list brings what lies there already', async () => {
    const ada = await world.connect(provider);
    for (const at of [3, 5, 7]) ada.person.add(inHours(at));
    await pull(world, ada.id);
    if (provider === 'google') world.google.expireSyncTokens();
    else world.microsoft.expireDeltaTokens(ada.account);
    await mark(world, ada);
    const life = live();
    expect(await pull(world, ada.id, life)).toMatchObject({ outcome: 'pulled', items: 3 });
    expect(life.calls.filter((call) => call === 'PutItem busy-intervals')).toHaveLength(1); // health alone
  });

  it('takes the busy time of a calendar away that the connection names no more, and its cursor last', async () => {
    const ada = await world.connect(provider, { calendars: [{ blocks: true, receives: false }, { blocks: true, receives: false }] });
    ada.person.add(inHours(3));
    await pull(world, ada.id);
    const [, other] = ada.connection.calendars;
    await world.tables.put('connections', { ...ada.connection, calendars: other ? [other] : [] });
    await mark(world, ada);
    await pull(world, ada.id);
    expect(await busy(world, ada)).toEqual([]);
    expect([...(await stateOf(world, ada)).cursors.keys()]).toEqual([other?.key]);
  });

  it('reads on past empty pages', async () => {
    const ada = await world.connect(provider);
    if (provider === 'google') world.google.manners.ragged = 0.7;
    world.microsoft.behaviour.emptyPages = 0.7;
    for (let n = 1; n <= 12; n += 1) ada.person.add(inHours(n * 2));
    await pull(world, ada.id);
    expect(await busy(world, ada)).toHaveLength(12);
    delete world.google.manners.ragged;
    world.microsoft.behaviour.emptyPages = 0.1;
  });

  it('gives no busy rows for a calendar that only receives', async () => {
    const ada = await world.connect(provider, { calendars: [{ blocks: true, receives: false }, { blocks: false, receives: true }, { blocks: false, receives: false }] });
    ada.hands[0]?.add(inHours(1));
    ada.hands[1]?.add(inHours(2));
    ada.hands[2]?.add(inHours(3));
    await pull(world, ada.id);
    expect(await busy(world, ada)).toEqual([told(inHours(1))]);
    expect([...(await stateOf(world, ada)).cursors.keys()].sort()).toEqual([ada.calendars[0]?.key, ada.calendars[1]?.key].sort());
  });

  it('keeps a weekly series right over the change to summer time, a moved and a cancelled instance included', async () => {
    const ada = await world.connect(provider);
    const first = inHours(1);
    const series = ada.person.addWeekly(first, 5);
    await pull(world, ada.id);
    // Berlin goes forward on 29 March: the same hour on the wall is an hour earlier in UTC.
    const week = (n: number) => ({ start: first.start + n * days(7) - hours(n === 0 ? 0 : 1), end: first.end + n * days(7) - hours(n === 0 ? 0 : 1) });
    expect(await busy(world, ada)).toEqual([0, 1, 2, 3, 4].map((n) => told(week(n))).sort());

    ada.person.moveInstance(series, week(2).start, inHours(50));
    ada.person.cancelInstance(series, week(3).start);
    await notice(world, ada);
    await pull(world, ada.id);
    expect(await busy(world, ada)).toEqual([told(week(0)), told(week(1)), told(inHours(50)), told(week(4))].sort());
    expect(await busy(world, ada)).toEqual(await truth(world, ada));

    ada.person.remove(series);
    await notice(world, ada);
    await pull(world, ada.id);
    expect(await busy(world, ada)).toEqual([]);
  });

  it('drops the hint while another holds the lease; a notice that lands meanwhile is rung for once, a second later', async () => {
    const ada = await world.connect(provider);
    ada.person.add(inHours(1));
    const meanwhile: unknown[] = [];
    const life = live(undefined, {
      before: async (what) => {
        if (what !== 'calendar page' || meanwhile.length > 0) return;
        meanwhile.push('acting');
        await notice(world, ada);
        meanwhile.push(await pull(world, ada.id));
      },
    });
    await pull(world, ada.id, life);
    expect(meanwhile[1]).toEqual({ outcome: 'held' });
    expect(world.hints).toEqual([{ hint: { v: 1, hint: 'pull', connection_id: ada.id }, delay: 1 }]);
    expect(await isDirty(world, ada)).toBe(true);
    await pull(world, ada.id);
    expect(await isDirty(world, ada)).toBe(false);
  });

  it.each(['closed', 'unknown'] as const)('is left where a gate is %s in the middle: released, still marked, no back-off', async (gate) => {
    const ada = await world.connect(provider);
    ada.person.add(inHours(1));
    const life = live(undefined, { before: async (what) => void (what === 'calendar page' && (gate === 'unknown' ? (world.settings.unknown = true) : world.settings.values.set(Setting.syncEnabled, 'false'))) });
    expect(await pull(world, ada.id, life)).toEqual({ outcome: 'gated' });
    const row = await part(world, ada, 'pull');
    expect(row['leaseUntil']).toBeUndefined();
    expect(row['backoffUntil']).toBeUndefined();
    expect(await isDirty(world, ada)).toBe(true);
    expect(world.hints).toEqual([]);
    world.settings.reset();
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'pulled' });
  });

  it.each(['closed', 'unknown', 'not listed'])('asks nobody and keeps the mark while the gate is %s', async (gate) => {
    const ada = await world.connect(provider);
    if (gate === 'closed') world.settings.values.set(Setting.syncEnabled, 'off');
    else if (gate === 'unknown') world.settings.unknown = true;
    else world.settings.values.set(Setting.providerAllowlist, 'none');
    const life = live();
    expect(await pull(world, ada.id, life)).toEqual({ outcome: 'gated' });
    expect(life.calls.some((call) => call.startsWith('calendar') || /^(Put|Update)/.test(call))).toBe(false);
    expect(await isDirty(world, ada)).toBe(true);
  });

  it('backs off after a failure for at least what the provider asked, and counts failures in a row', async () => {
    const ada = await world.connect(provider);
    const fault = { path: provider === 'google' ? '^/calendar/v3/' : '^/v1.0/', when: 'before' as const, status: 429, headers: { 'retry-after': '400' }, body: provider === 'google' ? { error: { code: 429, errors: [{ reason: 'rateLimitExceeded' }] } } : { error: { code: 'ApplicationThrottled', message: 'Wait.' } } };
    (provider === 'google' ? world.google : world.microsoft).addFault(fault);
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'failed' });
    const row = await part(world, ada, 'pull');
    expect(row).toMatchObject({ backoffUntil: world.clock() + seconds(400), errorCount: 1 });
    expect(row['leaseUntil']).toBeUndefined();
    expect(world.hints).toEqual([{ hint: { v: 1, hint: 'pull', connection_id: ada.id }, delay: 400 }]);
    expect(await pull(world, ada.id)).toEqual({ outcome: 'backing_off' });

    world.advance(seconds(401));
    (provider === 'google' ? world.google : world.microsoft).addFault({ path: fault.path, when: 'before', status: 503 });
    await pull(world, ada.id);
    const second = await part(world, ada, 'pull');
    expect(second['errorCount']).toBe(2);
    expect(Number(second['backoffUntil']) - world.clock()).toBeGreaterThanOrEqual(seconds(30));
    expect(String(second['lastError'])).not.toContain(world.tokens.get(ada.id));

    world.advance(minutes(6));
    await pull(world, ada.id);
    expect(await part(world, ada, 'pull')).not.toHaveProperty('errorCount');
    expect(await isDirty(world, ada)).toBe(false);
  });

  it('reads what it can beside a calendar that cannot be read, and says so', async () => {
    const ada = await world.connect(provider, { calendars: [{ blocks: true, receives: false }, { blocks: true, receives: true }] });
    ada.hands[1]?.add(inHours(2));
    const broken = { path: encodeURIComponent(ada.calendars[0]?.id ?? '').replaceAll(/[%.]/g, '.'), when: 'before' as const, status: 404, times: 1, body: provider === 'google' ? { error: { code: 404, errors: [{ reason: 'notFound' }] } } : { error: { code: 'ErrorItemNotFound', message: 'No.' } } };
    (provider === 'google' ? world.google : world.microsoft).addFault(broken);
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'unreadable' });
    expect(await busy(world, ada)).toEqual([told(inHours(2))]);
    expect(await health(world, ada)).toMatchObject({ unreadable: true });
    expect((await health(world, ada))?.last_read).toBeUndefined();
    world.google.clearFaults();
    world.microsoft.clearFaults();
    await mark(world, ada);
    await pull(world, ada.id);
    expect(await health(world, ada)).not.toHaveProperty('unreadable');
    expect((await health(world, ada))?.last_read).toBe(world.clock());
  });

  it('whose grant a booking found dead meanwhile does not call it alive', async () => {
    const ada = await world.connect(provider);
    await notice(world, ada);
    let found = false;
    const life = live(undefined, {
      before: async (what) => {
        if (found || !what.startsWith('calendar')) return;
        found = true;
        await inbound(world).grantDied(ada.connection);
      },
    });
    await pull(world, ada.id, life);
    expect(await health(world, ada)).toMatchObject({ state: 'reauthorization_required' });
  });

  it('tells once of a dead grant, then makes no more calls', async () => {
    const ada = await world.connect(provider);
    await pull(world, ada.id);
    world.tokens.delete(ada.id);
    await notice(world, ada);
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'grant_dead' });
    expect(world.changes).toMatchObject([{ type: 'connection.reauthorization_required', connection_id: ada.id }]);
    expect(await health(world, ada)).toMatchObject({ state: 'reauthorization_required' });
    expect(await isDirty(world, ada)).toBe(false);

    await notice(world, ada);
    const life = live();
    expect(await pull(world, ada.id, life)).toEqual({ outcome: 'not_active' });
    expect(life.calls.some((call) => call.startsWith('calendar'))).toBe(false);
    expect(world.changes).toHaveLength(1);
    expect(await isDirty(world, ada)).toBe(false);
  });
});

describe('health', () => {
  it('is of the narrowest window and the oldest read over all blocking calendars', async () => {
    const ada = await world.connect('google', { calendars: [{ blocks: true, receives: false }, { blocks: true, receives: true }] });
    await pull(world, ada.id);
    expect(await health(world, ada)).toMatchObject({ state: 'active', blocks: true, last_read: world.clock(), window_from: world.clock() - days(1), window_to: world.clock() + days(187), poll_ms: minutes(5) });
  });

  it('polls slowly only where a watch has delivered and notices are admitted', async () => {
    const ada = await world.connect('google');
    await pull(world, ada.id);
    await mark(world, ada);
    await pull(world, ada.id);
    expect((await health(world, ada))?.poll_ms).toBe(minutes(5));
    await notice(world, ada);
    await pull(world, ada.id);
    expect((await health(world, ada))?.poll_ms).toBe(hours(1));
    world.settings.values.set(Setting.connectionAllowlist, 'none');
    await mark(world, ada);
    await pull(world, ada.id);
    expect((await health(world, ada))?.poll_ms).toBe(minutes(5));
  });
});

it('reads nothing more of a connection that has gone', async () => {
  expect(await pull(world, 'c-none')).toEqual({ outcome: 'gone' });
  expect(inbound(world).lines).toEqual([]);
});
