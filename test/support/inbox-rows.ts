import { GetItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { eventually, type Patience } from './eventually.ts';
import type { Platform } from './platform.ts';

/** A row of a connection's sync state as it lies in the table; strongly consistent. */
export async function stateRow({ dynamo, outputs }: Pick<Platform, 'dynamo' | 'outputs'>, connectionId: string, part: 'inbox' | 'pull' | 'push'): Promise<Record<string, AttributeValue>> {
  const { Item } = await dynamo.send(new GetItemCommand({ TableName: outputs.tables['sync-state'], ConsistentRead: true, Key: { connection_id: { S: connectionId }, part: { S: part } } }));
  return Item ?? {};
}

export const inboxRow = (platform: Pick<Platform, 'dynamo' | 'outputs'>, connectionId: string): Promise<Record<string, AttributeValue>> => stateRow(platform, connectionId, 'inbox');

/** Waits until a connection is clean: all that was marked has been pulled. */
export const settled = (platform: Pick<Platform, 'dynamo' | 'outputs'>, connectionId: string, patience: Patience = {}): Promise<true> =>
  eventually(`${connectionId} is clean`, async () => (await inboxRow(platform, connectionId))['dirtySince'] === undefined && true, patience);
