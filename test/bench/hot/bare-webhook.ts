// The calls that a webhook cannot do without, and nothing else, by the clients that it has. Bundled as the webhook is.
import { GetItemCommand, UpdateItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { createHmac, createSecretKey } from 'node:crypto';
import { theOneWrite } from '../../../lib/ingest/inbox.ts';
import { dynamoClient, sqsClient, swift } from '../../../lib/platform/clients.ts';
import { Env } from '../../../lib/platform/names.ts';

const [dynamo, sqs] = [dynamoClient(swift), sqsClient(swift)];
const TableName = process.env[Env.syncStateTable];
const QueueUrl = process.env[Env.inboundQueueUrl];
const secret = createSecretKey(Buffer.alloc(32));
const keyOf = (id: string): Record<string, AttributeValue> => ({ connection_id: { S: id }, part: { S: 'inbox' } });

export const bareWebhook = {
  write: (connectionId: string, key: string): Promise<unknown> => dynamo.send(new UpdateItemCommand({ TableName, Key: keyOf(connectionId), ReturnValues: 'UPDATED_OLD', ...theOneWrite({ connectionId, dedupes: [{ slot: 1, key }], neverDuplicate: false, watchDue: false }, Date.now()) })),
  ring: (id: string): Promise<unknown> => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify({ v: 1, hint: 'pull', connection_id: id, watch: { id: 'channel-1', resource_id: 'resource-1' } }), MessageGroupId: id })),
  read: (id: string): Promise<unknown> => dynamo.send(new GetItemCommand({ TableName, Key: keyOf(id), ConsistentRead: true })),
  prove: (token: string): Promise<unknown> => Promise.resolve(createHmac('sha256', secret).update(token).digest()),
};
export type BareWebhook = typeof bareWebhook;
