import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { minutes, seconds } from '../../../lib/platform/clock.ts';
import { Setting, type SettingName } from '../../../lib/platform/names.ts';
import { settingsFrom, unknownSettings } from '../../../lib/platform/settings.ts';
import { dueShard } from '../../../lib/platform/shard.ts';
import { concerns, gatesOf, noteGates, runSweep, sweepLength, type Gates, type GatesSeen } from '../../../lib/upkeep/gate-sweep.ts';
import { countedTables } from '../../support/counted-tables.ts';
import type { CountedTables } from '../../support/tables.ts';

const open: GatesSeen = { sync: true, webhook: true, providers: '*', connections: '*' };
const begins = Date.parse('2026-03-02T09:00:00Z');
let tables: CountedTables;
let now = begins;
const clock = (): number => now;

beforeAll(async () => {
  tables = await countedTables();
}, 60_000);
beforeEach(async () => {
  now = begins;
  for (const name of ['sync-state', 'connections'] as const) await tables.aClean(name);
});

const parts = () => ({ dynamo: tables.dynamo, clock, tables: { syncState: tables.named['sync-state'], connections: tables.named.connections } });

async function connected(id: string, providerId: string, group: 'sync' | 'jobs' | 'tight' = 'jobs'): Promise<void> {
  await tables.put('connections', { connection_id: id, provider_id: providerId });
  await tables.put('sync-state', { connection_id: id, part: 'inbox', generation: 1 });
  await tables.put('sync-state', { connection_id: id, part: 'pull', fence: 0, dueAt: begins + minutes(60), dueShard: dueShard(group, id) });
}

const marked = async (): Promise<string[]> =>
  (await tables.all('sync-state')).filter((row) => row['dirtySince'] !== undefined).map((row) => String(row['connection_id'])).sort();

/** Ticks, a minute apart, until the sweep is done. */
async function sweepAll({ sweep }: Gates): Promise<number> {
  let [left, ticks] = [sweep, 0];
  for (; left; ticks += 1, now += minutes(1)) left = await runSweep(parts(), left, () => true);
  return ticks;
}

describe('who is marked when gates change', () => {
  const who = { connectionId: 'c-1', providerId: 'p-1' };
  const concerned = (before: GatesSeen, after: GatesSeen): boolean => {
    const { sweep } = noteGates({ seen: before }, after, begins);
    return sweep !== undefined && concerns(sweep)(who);
  };

  it.each([
    ['sync opens', { sync: false }, {}, true],
    ['sync closes', {}, { sync: false }, false],
    ['webhooks open', { webhook: false }, {}, true],
    ['webhooks close, so that polling begins', {}, { webhook: false }, true],
    ['its provider is let in', { providers: 'none' }, { providers: 'p-1' }, true],
    ['another provider is let in', { providers: 'p-1' }, { providers: 'p-1, p-2' }, false],
    ['its provider stays out', { providers: 'none' }, { providers: 'p-2' }, false],
    ['its connection is let in', { connections: 'none' }, {}, true],
    ['its connection is taken off the list', {}, { connections: 'c-2' }, true],
    ['a percentage grows over it or not, it was in already', { providers: '100%' }, { providers: '*' }, false],
  ] as const)('%s', (_, before, after, expected) => {
    expect(concerned({ ...open, ...before }, { ...open, ...after })).toBe(expected);
  });

  it('nothing is concluded from settings that are unknown, and none is begun while nothing changes', () => {
    expect(gatesOf(unknownSettings)).toBeUndefined();
    const values = new Map<SettingName, string>([[Setting.syncEnabled, 'true'], [Setting.webhookEnabled, 'true'], [Setting.providerAllowlist, ' * '], [Setting.connectionAllowlist, '*']]);
    expect(noteGates({ seen: open }, gatesOf(settingsFrom(values)) ?? open, begins).sweep).toBeUndefined();
  });

  it('a change during a sweep begins it anew and forgets nobody whom the first concerned', () => {
    const first = noteGates({ seen: { ...open, webhook: false } }, open, begins);
    const second = noteGates(first, { ...open, providers: 'p-1 p-2' }, begins + minutes(3));
    expect(second.sweep).toMatchObject({ startsAt: begins + minutes(4), done: 0 });
    expect(second.sweep && concerns(second.sweep)(who)).toBe(true);
    let gates: Gates = second;
    for (let n = 0; n < 6; n += 1) gates = noteGates(gates, { ...open, providers: `p-1 x-${n}` }, begins);
    expect(gates.sweep?.before).toBe('everything');
    expect(JSON.stringify(gates).length).toBeLessThan(2000);
  });
});

describe('a sweep', () => {
  it('marks all of them once, whichever group they are due in, over about ten minutes, and not before every cache has the new gates', async () => {
    for (let n = 0; n < 40; n += 1) await connected(`c-${n}`, 'p-1', (['sync', 'jobs', 'tight'] as const)[n % 3] ?? 'jobs');
    const gates = noteGates({ seen: { ...open, webhook: false } }, open, now);
    expect(await runSweep(parts(), gates.sweep ?? fail(), () => true)).toMatchObject({ done: 0 });
    expect(await marked()).toEqual([]);
    now += minutes(1);
    await runSweep(parts(), gates.sweep ?? fail(), () => true);
    const early = (await marked()).length;
    expect(early).toBeGreaterThan(0);
    expect(early).toBeLessThan(20);
    const ticks = await sweepAll(gates);
    expect(await marked()).toHaveLength(40);
    expect(ticks).toBeLessThanOrEqual(sweepLength / minutes(1));
    expect(ticks).toBeGreaterThan(7);
  });

  it('leaves alone whom the change does not concern, and a connection whose rows are gone', async () => {
    await connected('c-in', 'p-in');
    await connected('c-out', 'p-out');
    await tables.put('sync-state', { connection_id: 'c-erased', part: 'pull', fence: 0, dueAt: begins, dueShard: dueShard('jobs', 'c-erased') });
    await sweepAll(noteGates({ seen: { ...open, providers: 'none' } }, { ...open, providers: 'p-in' }, now));
    expect(await marked()).toEqual(['c-in']);
  });

  it('comes round to everybody though the lists change again before it is through', async () => {
    for (let n = 0; n < 40; n += 1) await connected(`c-${n}`, 'p-1');
    let gates = noteGates({ seen: { ...open, providers: 'none' } }, { ...open, providers: 'p-1' }, now);
    for (let minute = 0; minute < 60; minute += 1, now += minutes(1)) {
      if (minute % 5 === 0) gates = noteGates(gates, { ...open, providers: `p-1 p-new-${minute}` }, now);
      const sweep = gates.sweep && (await runSweep(parts(), gates.sweep, () => true));
      gates = { ...(gates.seen && { seen: gates.seen }), ...(sweep && { sweep }) };
    }
    expect(await marked()).toHaveLength(40);
  });

  it('goes on in the next tick where the time of one is over', async () => {
    for (let n = 0; n < 30; n += 1) await connected(`c-${n}`, 'p-1');
    const { sweep } = noteGates({ seen: { ...open, webhook: false } }, open, now);
    now += sweepLength + minutes(2);
    let left = sweep;
    let ticks = 0;
    for (; left && ticks < 100; ticks += 1) {
      let steps = 0;
      left = await runSweep(parts(), left, () => (steps += 1) <= 4);
      now += seconds(1);
    }
    expect(left).toBeUndefined();
    expect(ticks).toBeGreaterThan(3);
    expect(await marked()).toHaveLength(30);
  });
});

function fail(): never {
  throw new Error('No sweep was begun.');
}
