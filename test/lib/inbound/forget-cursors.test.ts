import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { forgetCursors } from '../../../lib/inbound/forget-cursors.ts';
import { hours } from '../../../lib/platform/clock.ts';
import type { Place } from '../../../infra/commands/ops/place.ts';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { letterBox, type LetterBox } from '../../support/letter-box.ts';
import { operate } from '../../support/operator.ts';
import { busy, isDirty, stateOf, truth } from '../../support/readings.ts';
import { scanning } from '../../support/scanning-tables.ts';
import { startSmallWorld, type Connected, type SmallWorld } from '../../support/small-world.ts';
import { inbound, leaseLength, pull } from '../../support/workers.ts';

let world: SmallWorld;
let box: LetterBox;
beforeAll(async () => {
  world = await startSmallWorld();
  box = letterBox();
});
afterAll(() => world.close());

const inHours = (from: number) => ({ start: world.clock() + hours(from), end: world.clock() + hours(from + 1) });
const cursors = async (ada: Connected): Promise<number> => (await stateOf(world, ada)).cursors.size;
const relist = (...args: readonly string[]) =>
  operate(['relist', ...args, '--yes'], { open: () => ({ name: 'a place', dynamo: scanning(world.tables), sqs: box.client as SQSClient, tables: world.tables.named, queueUrl: async (name: string) => name, close: () => undefined }) as unknown as Place, clock: world.clock });

/** Read whole, then put back to how the tables were before: the cursor knows of an event whose row is lost. */
async function restored(provider: 'google' | 'microsoft'): Promise<Connected> {
  const ada = await world.connect(provider);
  ada.person.add(inHours(5));
  await pull(world, ada.id);
  for (const { provider_id, row } of world.tables.all('busy-intervals')) {
    const lost = provider_id === ada.providerId && !String(row).startsWith('!');
    if (lost) await world.tables.dynamo.send(new DeleteItemCommand({ TableName: world.tables.named['busy-intervals'], Key: { provider_id: { S: ada.providerId }, row: { S: String(row) } } }));
  }
  expect(await busy(world, ada)).not.toEqual(await truth(world, ada));
  return ada;
}

describe.each(['google', 'microsoft'] as const)('after a restore that lost busy rows of %s', (provider) => {
  it('cursors are forgotten, and the next pull lists everything again', async () => {
    const ada = await restored(provider);
    expect(await relist(ada.id)).toMatchObject({ code: 0, out: expect.stringContaining('cursors of 1 connections forgotten') });
    expect([await cursors(ada), await isDirty(world, ada)]).toEqual([0, true]);
    expect(await pull(world, ada.id)).toMatchObject({ outcome: 'pulled' });
    expect(await busy(world, ada)).toEqual(await truth(world, ada));
    expect(await cursors(ada)).toBe(1);
  });
});

describe('forgetting', () => {
  it('waits for nobody: a connection that is being read is told, and done when asked again', async () => {
    const ada = await restored('google');
    const parts = inbound(world);
    const state = await stateOf(world, ada);
    const lease = await parts.leases.take(state.pull, { connectionId: ada.id, part: 'pull', now: world.clock(), endsAt: world.clock() + leaseLength });
    expect(await relist(ada.id)).toMatchObject({ code: 1, out: expect.stringContaining('1 are being read just now') });
    expect(await cursors(ada)).toBe(1);
    if (lease) await parts.leases.release(lease, {});
    expect(await relist('--all')).toMatchObject({ code: 0 });
    expect(await cursors(ada)).toBe(0);
  });

  it('of a connection that is not there does nothing, and nobody is meant by nothing', async () => {
    expect(await forgetCursors(inbound(world), 'c-nobody')).toBe('gone');
    expect(await relist()).toMatchObject({ code: 2, notes: expect.stringContaining('--all') });
    expect(await relist('c-1', '--all')).toMatchObject({ code: 2 });
  });
});
