// Several large calendars that must all be listed anew at the same moment, as one batch of the inbound queue.
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { days, hours, minutes } from '../../lib/platform/clock.ts';
import { calendarFile } from './calendar-file.ts';
import { settled } from './inbox-rows.ts';
import { forgetCursors } from './relist.ts';
import type { Run } from './run.ts';

export interface ListsAtOnce {
  readonly provider: CalendarProvider;
  /** At most ten: a batch. */
  readonly calendars: number;
  readonly events: number;
  readonly withinMs: number;
}

/** Milliseconds until all of them are listed and at rest. */
export async function listAtOnce({ platform }: Run, { provider, calendars, events, withinMs }: ListsAtOnce): Promise<number> {
  const { outputs, dynamo, sqs } = platform;
  const origin = Math.ceil(Date.now() / hours(1)) * hours(1) + hours(1);
  const step = Math.floor(days(170) / events / minutes(1)) * minutes(1);
  const ics = calendarFile(Array.from({ length: events }, (_, n) => ({ start: origin + n * step, end: origin + n * step + step / 2 })));
  const ids: string[] = [];
  for (let n = 0; n < calendars; n += 1) {
    const { connection } = await platform.connect({ provider, providerId: `${provider}-${n}`, ics });
    ids.push(connection.connection_id);
    await settled(platform, connection.connection_id, { withinMs, everyMs: 100 });
  }
  await forgetCursors(outputs.simulators[provider === 'google' ? 'google' : 'graph'], provider);
  for (const id of ids) await dynamo.send(marked(outputs.tables['sync-state'], id));
  const began = performance.now();
  await sqs.send(new SendMessageBatchCommand({ QueueUrl: outputs.queues.inbound, Entries: ids.map((id, n) => ({ Id: String(n), MessageBody: JSON.stringify({ v: 1, hint: 'pull', connection_id: id }) })) }));
  for (const id of ids) await settled(platform, id, { withinMs, everyMs: 50 });
  return performance.now() - began;
}

/** As a webhook would, without a notice. */
const marked = (table: string, id: string): UpdateItemCommand =>
  new UpdateItemCommand({
    TableName: table,
    Key: { connection_id: { S: id }, part: { S: 'inbox' } },
    UpdateExpression: 'SET generation = generation + :one, dirtySince = :now, dirtyShard = :shard',
    ExpressionAttributeValues: { ':one': { N: '1' }, ':now': { N: String(Date.now()) }, ':shard': { S: '0' } },
  });
