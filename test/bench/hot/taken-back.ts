import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { toItem } from '../../../lib/platform/dynamo.ts';
import type { TableName } from '../../../lib/platform/names.ts';
import type { MemoryTables, Written } from '../../support/memory-tables.ts';

const keysOf: Readonly<Record<TableName, readonly string[]>> = { connections: ['connection_id'], 'sync-state': ['connection_id', 'part'], 'busy-intervals': ['provider_id', 'row'], 'booking-events': ['booking_id', 'part'] };

/** Takes back all writes since the last time, the newest first. */
export function takingBack(tables: MemoryTables): () => Promise<void> {
  const written: Written[] = [];
  let recording = true;
  tables.onWrite = (one) => void (recording && written.push(one));
  return async () => {
    recording = false;
    for (const { table, before, after } of written.reverse()) {
      if (before) tables.put(table, before);
      else if (after) await tables.dynamo.send(new DeleteItemCommand({ TableName: tables.named[table], Key: toItem(Object.fromEntries(keysOf[table].map((name) => [name, after[name]]))) }));
    }
    written.length = 0;
    recording = true;
  };
}
