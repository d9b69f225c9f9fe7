import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { resealAll, type ResealCounts } from '../../../infra/commands/reseal-all.ts';
import { parseKeyRing } from '../../../lib/platform/key-ring.ts';
import { seal, sealKeyId, unseal } from '../../../lib/platform/seal.ts';
import { startTables, type Tables } from '../../support/tables.ts';

const now = Date.parse('2026-03-02T09:00:00Z');
const key = (id: string, signsFrom: string) => ({ id, secret: Buffer.alloc(32, id).toString('base64'), signsFrom });
const old = key('t1', '2026-01-01T00:00:00Z');
const young = key('t2', '2026-03-02T08:00:00Z');
const ringOf = (...keys: object[]) => parseKeyRing({ keys });

let tables: Tables;
beforeAll(async () => void (tables = await startTables()));
afterAll(() => tables.close());
beforeEach(() => tables.aClean('connections'));

const sealedUnder = (ring: ReturnType<typeof ringOf>, connectionId: string) => seal(ring, `tokens of ${connectionId}`, { connectionId, now });
const keyOf = async (id: string) => sealKeyId(String((await tables.get('connections', { connection_id: id }))?.['tokens']));
const waits: number[] = [];
const run = (ring = ringOf(old, young), { dryRun = false, progress = (_: ResealCounts): void => undefined } = {}) =>
  resealAll({ dynamo: tables.dynamo, table: tables.named.connections, ring, dryRun, perSecond: 50, clock: () => now, wait: async (ms) => void waits.push(ms), progress });

describe('sealing anew', () => {
  it('brings every record under the newest key, paced, and leaves what is no connection alone', async () => {
    for (let n = 0; n < 60; n += 1) await tables.put('connections', { connection_id: `c-${n}`, tokens: sealedUnder(ringOf(old), `c-${n}`) });
    await tables.put('connections', { connection_id: 'start#x', verifier: 'sealed' });
    expect(await run(undefined, { dryRun: true })).toMatchObject({ seen: 60, resealed: 60 });
    expect(await keyOf('c-7')).toBe('t1');
    waits.length = 0;
    const told: number[] = [];
    expect(await run(undefined, { progress: ({ seen }) => told.push(seen) })).toEqual({ seen: 60, resealed: 60, current: 0, unknown: 0, left: 0 });
    expect([told.length, waits]).toEqual([3, [500, 500]]);
    for (let n = 0; n < 60; n += 1) {
      const tokens = String((await tables.get('connections', { connection_id: `c-${n}` }))?.['tokens']);
      expect(unseal(ringOf(young), tokens, `c-${n}`)).toBe(`tokens of c-${n}`);
    }
    expect(await run()).toMatchObject({ resealed: 0, current: 60 });
  });

  it('waits until a new key is old enough to seal', async () => {
    await tables.put('connections', { connection_id: 'c', tokens: sealedUnder(ringOf(old), 'c') });
    expect(await run(ringOf(old, key('t3', '2026-03-02T09:10:00Z')))).toMatchObject({ resealed: 0, current: 1 });
  });

  it('never overwrites a record that changed meanwhile, and counts one whose key is gone', async () => {
    await tables.put('connections', { connection_id: 'c-1', tokens: sealedUnder(ringOf(old), 'c-1') });
    await tables.put('connections', { connection_id: 'c-2', tokens: sealedUnder(ringOf(key('t0', '2020-01-01T00:00:00Z')), 'c-2') });
    let first = true;
    const renewed = sealedUnder(ringOf(old), 'c-1');
    const racing = new Proxy(tables.dynamo, {
      get: (target, name) =>
        name === 'send'
          ? async (command: Parameters<typeof target.send>[0]) => {
              if (command.constructor.name === 'UpdateItemCommand' && first) {
                first = false;
                await tables.put('connections', { connection_id: 'c-1', tokens: renewed });
              }
              return target.send(command as never);
            }
          : (Reflect.get(target, name) as unknown),
    });
    const counts = await resealAll({ dynamo: racing, table: tables.named.connections, ring: ringOf(old, young), dryRun: false, perSecond: 50, clock: () => now, wait: async () => undefined, progress: () => undefined });
    expect(counts).toMatchObject({ left: 1, unknown: 1, resealed: 0 });
    expect((await tables.get('connections', { connection_id: 'c-1' }))?.['tokens']).toBe(renewed);
  });
});
