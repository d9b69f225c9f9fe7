import { markFutureBookings } from '../../../lib/connect/mark-future-bookings.ts';
import { forgetCursors } from '../../../lib/inbound/forget-cursors.ts';
import { syncStates } from '../../../lib/inbound/sync-state.ts';
import { walkConnections } from '../../../lib/operate/connection-list.ts';
import { eachConcurrently } from '../../../lib/platform/concurrently.ts';
import { connections } from '../../../lib/platform/connections.ts';
import { hintQueue } from '../../../lib/platform/hint-queue.ts';
import { lateDues } from '../../../lib/platform/late-dues.ts';
import { leases } from '../../../lib/platform/lease.ts';
import type { ProviderHint } from '../../../lib/platform/messages.ts';
import type { AddCommand, Answer, Job } from './command.ts';
import { ExitCode, Failure } from './failure.ts';

const atOnce = 10;

interface Whose {
  readonly connection_id: string;
  readonly provider_id: string;
}

async function wanted({ place: { dynamo, tables } }: Job, ids: readonly string[], all: boolean): Promise<readonly Whose[]> {
  if (all === ids.length > 0) throw new Failure('Which connections? Name some, or say --all.', ExitCode.usage);
  return all ? (await walkConnections(dynamo, tables.connections)).connections : await connections(dynamo, tables.connections).getAll(ids);
}

async function relist(job: Job, ids: readonly string[], all: boolean): Promise<Answer> {
  const { dynamo, sqs, tables, queueUrl, name } = job.place;
  const asked = await wanted(job, ids, all);
  const providers = new Map(asked.map((one) => [one.provider_id, one]));
  await job.agree([`${asked.length} connections of ${providers.size} providers: their cursors are forgotten, every calendar is listed whole, and future bookings are brought in line`]);
  const parts = { states: syncStates(dynamo, tables['sync-state']), leases: leases(dynamo, tables['sync-state']), clock: job.clock };
  const ends = { forgotten: 0, held: 0, gone: 0 };
  await eachConcurrently(asked, atOnce, async ({ connection_id }) => void (ends[await forgetCursors(parts, connection_id)] += 1));
  const providerHints = hintQueue<ProviderHint>(sqs, await queueUrl('booking'), ({ provider_id }) => provider_id);
  const mark = markFutureBookings({ late: lateDues(dynamo, tables['sync-state']), providerHints, clock: job.clock });
  await eachConcurrently(providers.values(), atOnce, mark);
  const left = ends.held === 0 ? '' : ` ${ends.held} are being read just now: run it again.`;
  return { data: { ...ends, providers: providers.size }, text: [`On ${name}: cursors of ${ends.forgotten} connections forgotten, ${ends.gone} leave or are not there; bookings of ${providers.size} providers are brought in line.${left}`], bad: ends.held > 0 };
}

export const relistCommand: AddCommand = (program, act) =>
  void program
    .command('relist')
    .description('after a restore of tables: forget cursors, so that every calendar is listed whole, and bring future bookings in line; safe to repeat')
    .argument('[connection-ids...]', 'these alone')
    .option('--all', 'every connection')
    .action(act((job, { all }, ids) => relist(job, ids, all === true)));
