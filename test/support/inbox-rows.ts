import { GetItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { eventually, type Patience } from './eventually.ts';
import type { Platform } from './platform.ts';

/** A connection's inbox row as it lies in the table; strongly consistent. */
export async function inboxRow({ dynamo, outputs }: Pick<Platform, 'dynamo' | 'outputs'>, connectionId: string): Promise<Record<string, AttributeValue>> {
  const { Item } = await dynamo.send(new GetItemCommand({ TableName: outputs.tables['sync-state'], ConsistentRead: true, Key: { connection_id: { S: connectionId }, part: { S: 'inbox' } } }));
  return Item ?? {};
}

/** Waits until a connection is clean: all that was marked has been pulled. */
export const settled = (platform: Pick<Platform, 'dynamo' | 'outputs'>, connectionId: string, patience: Patience = {}): Promise<true> =>
  eventually(`${connectionId} is clean`, async () => (await inboxRow(platform, connectionId))['dirtySince'] === undefined && true, patience);
