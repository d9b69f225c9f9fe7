import { expect, it } from '@jest/globals';
import type { Calendars } from '../../../lib/calendars/port.ts';
import { ensureWatches } from '../../../lib/connect/watch-care.ts';
import { days } from '../../../lib/platform/clock.ts';
import { connections } from '../../../lib/platform/connections.ts';
import { Setting } from '../../../lib/platform/names.ts';
import { settingsFrom } from '../../../lib/platform/settings.ts';
import { memoryTables } from '../../support/memory-tables.ts';
import { keyRing } from '../../support/notices.ts';

const now = Date.parse('2026-03-02T09:00:00Z');
const row = {
  v: 1, connection_id: 'c-1', provider_id: 'p-1', calendar_provider: 'google', state: 'active', account: 'a', scopes: [], tokens: 's1', created_at: now, granted_at: now,
  calendars: [{ id: 'cal', key: 'k', blocks: true, receives: true }], watches: [], watches_revision: 3,
};

it('a watch that another holder of the lease made meanwhile is not lost', async () => {
  const tables = await memoryTables(() => now);
  tables.put('connections', row);
  const theirs = [{ id: 'theirs', calendar_key: 'k', resource_id: 'r', expires_at: now + days(7), made_at: now }];
  const calendars = {
    async watch(_: unknown, { id, expiresAt }: { id: string; expiresAt: number }) {
      tables.put('connections', { ...row, watches: theirs, watches_revision: 9 });
      return { id, expiresAt, resourceId: 'r' };
    },
  } as unknown as Calendars;
  const ensure = ensureWatches({ dynamo: tables.dynamo, table: tables.named.connections, connections: connections(tables.dynamo, tables.named.connections), webhookBaseUrl: 'https://api.example', clock: () => now, newId: () => 'ours' });
  const snapshot = settingsFrom(new Map([[Setting.webhookKeys, JSON.stringify({ keys: keyRing.document })]]));
  await expect(ensure({ connectionId: 'c-1', calendars, snapshot })).rejects.toThrow(expect.objectContaining({ name: 'ConditionalCheckFailedException' }));
  expect(tables.get('connections', { connection_id: 'c-1' })?.['watches']).toEqual(theirs);
});
