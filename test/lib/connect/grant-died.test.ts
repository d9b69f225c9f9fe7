import { expect, it } from '@jest/globals';
import { grantDied } from '../../../lib/connect/grant-died.ts';
import type { Change } from '../../../lib/platform/changes.ts';
import type { Connection } from '../../../lib/platform/connections.ts';
import { memoryTables } from '../../support/memory-tables.ts';
import { quietLog } from '../../support/traces.ts';

const now = Date.parse('2026-03-02T09:00:00Z');
const connection = { v: 1, connection_id: 'c-1', provider_id: 'p-1', calendar_provider: 'google', state: 'active', account: 'a', scopes: [], calendars: [], watches: [], created_at: 1, granted_at: 1000 } as unknown as Connection;

it.each([['that is the one in use', 1000, 'reauthorization_required'], ['that was given anew meanwhile', 2000, 'active']])('a dead grant is written on the connection: one %s', async (_, grantedAt, state) => {
  const tables = await memoryTables(() => now);
  tables.put('connections', { ...connection, granted_at: grantedAt });
  const told: string[] = [];
  const tell = async ({ type }: Change): Promise<void> => void told.push(type);
  const died = grantDied({ dynamo: tables.dynamo, connectionsTable: tables.named.connections, busyIntervalsTable: tables.named['busy-intervals'], changes: { tell }, log: quietLog, clock: () => now });
  await died(connection);
  expect([tables.get('connections', { connection_id: 'c-1' })?.['state'], told]).toEqual([state, ['connection.reauthorization_required']]);
});
