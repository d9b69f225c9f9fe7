import { InvalidArgumentError } from 'commander';
import { markFutureBookings } from '../../../lib/connect/mark-future-bookings.ts';
import { pauseConnection, resumeConnection } from '../../../lib/connect/pause.ts';
import { told } from '../../../lib/connect/read-connections.ts';
import { connectionFile } from '../../../lib/operate/connection-file.ts';
import { standing, walkConnections, type ListedConnection } from '../../../lib/operate/connection-list.ts';
import { connections as connectionsTable, type Connection } from '../../../lib/platform/connections.ts';
import { hintQueue } from '../../../lib/platform/hint-queue.ts';
import { lateDues } from '../../../lib/platform/late-dues.ts';
import type { InboundHint, ProviderHint } from '../../../lib/platform/messages.ts';
import { connectionIdPattern } from '../../../lib/platform/watch-token.ts';
import { ago, until } from './ages.ts';
import type { AddCommand, Answer, Job } from './command.ts';
import { Failure } from './failure.ts';

function connectionId(text: string): string {
  if (!connectionIdPattern.test(text)) throw new InvalidArgumentError('A connection id is 1 to 36 of A–Z, a–z, 0–9, _ and -.');
  return text;
}

const table = ({ place }: Job) => connectionsTable(place.dynamo, place.tables.connections);

async function known(job: Job, id: string): Promise<Connection> {
  const connection = await table(job).get(id);
  if (connection === undefined) throw new Failure(`There is no connection ${id} on ${job.place.name}: npm run ops -- connections list`);
  return connection;
}

async function list(job: Job, { provider, state }: { provider?: string; state?: string }): Promise<Answer> {
  const all: readonly ListedConnection[] = provider === undefined ? (await walkConnections(job.place.dynamo, job.place.tables.connections)).connections : await ofProvider(job, provider);
  const found = all.filter((one) => state === undefined || standing(one) === state);
  const now = job.clock();
  const rows = found.map((one) => ({
    connection: one.connection_id,
    provider: one.provider_id,
    calendar: one.calendar_provider,
    state: standing(one),
    calendars: one.calendars.length,
    'watches end': until(firstEnd(one), now),
    made: ago(one.created_at, now),
  }));
  const data = found.map((one) => ({ connection_id: one.connection_id, provider_id: one.provider_id, calendar_provider: one.calendar_provider, state: standing(one), calendars: one.calendars.length, watches: one.watches.length, created_at: new Date(one.created_at).toISOString() }));
  return { data, text: [{ title: `Connections on ${job.place.name} (${found.length})`, rows }] };
}

/** When the first of its watches ends, in ms. */
function firstEnd({ watches }: Pick<Connection, 'watches'>): number | undefined {
  const ends = watches.flatMap(({ expires_at, retired }) => (expires_at === undefined || retired ? [] : [expires_at]));
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** Through the index, then each consistently. */
async function ofProvider(job: Job, provider: string): Promise<Connection[]> {
  const found: Connection[] = [];
  let after: string | undefined;
  do {
    const { ids, next } = await table(job).idsOf(provider, after === undefined ? {} : { after });
    found.push(...(await table(job).getAll(ids)));
    after = next;
  } while (after !== undefined);
  return found;
}

async function show(job: Job, id: string): Promise<Answer> {
  const connection = await known(job, id);
  const { dynamo, tables } = job.place;
  const file = await connectionFile(dynamo, { syncState: tables['sync-state'], busyIntervals: tables['busy-intervals'] }, connection);
  const now = job.clock();
  const { pull, push, inbox, leaving, health, calendars } = file;
  const text = [
    `${id}: ${standing(connection)}${connection.paused_at === undefined ? '' : ` since ${ago(connection.paused_at, now)}`}, of provider ${connection.provider_id}, at ${connection.calendar_provider}`,
    `unread      ${inbox.dirtySince === undefined ? 'nothing' : `since ${ago(inbox.dirtySince, now)}`}`,
    `last read   ${ago(health.lastRead, now)}`,
    `next look   ${until(pull.dueAt, now)}`,
    `leases      pull ${pull.leaseUntil !== undefined && pull.leaseUntil > now ? `held, ${until(pull.leaseUntil, now)}` : 'free'}, push ${push.leaseUntil !== undefined && push.leaseUntil > now ? `held, ${until(push.leaseUntil, now)}` : 'free'}`,
    `errors      ${pull.errorCount ?? 0} in a row${pull.lastError === undefined ? '' : `: ${pull.lastError}`}${pull.backoffUntil !== undefined && pull.backoffUntil > now ? `, tried again ${until(pull.backoffUntil, now)}` : ''}`,
    ...(leaving === undefined ? [] : [`leaving     since ${ago(leaving.since, now)}, ${leaving.step} steps done`]),
    { title: 'Calendars', rows: connection.calendars.map(({ id: calendar, key, blocks, receives }) => ({ calendar, blocks: blocks ? 'yes' : 'no', receives: receives ? 'yes' : 'no', read: ago(calendars[key]?.lastRead, now), cursor: calendars[key]?.hasCursor === true ? 'yes' : 'no' })) },
    { title: 'Watches', rows: connection.watches.map(({ id: watch, expires_at, key_id, retired }) => ({ watch, ends: until(expires_at, now), key: key_id, is: retired ? 'to be stopped' : expires_at === undefined ? 'asked for' : 'live' })) },
  ];
  return { data: { ...told(connection), ...file }, text };
}

async function sync({ place }: Job, id: string): Promise<Answer> {
  const { status, body } = await place.call('POST', '/v1/sync/inbound', { connection_id: id });
  const found = body['items'] === undefined ? '' : `, ${String(body['items'])} items`;
  return { data: { status, ...body }, text: [`${status}: ${String(body['outcome'] ?? body['detail'] ?? '')}${found}`], bad: status >= 300 };
}

const partsOf = ({ place, clock }: Job) => ({ dynamo: place.dynamo, clock, tables: { connections: place.tables.connections, syncState: place.tables['sync-state'] } });

async function pause(job: Job, id: string): Promise<Answer> {
  const { provider_id, paused_at } = await known(job, id);
  if (paused_at !== undefined) return { data: { connection_id: id, paused_since: new Date(paused_at).toISOString() }, text: [`${id} is paused already, since ${ago(paused_at, job.clock())}.`] };
  await job.agree([`${id} of provider ${provider_id}: nothing is read from its calendars or written to them until it is resumed; notices and bookings are recorded, and its availability becomes unknown once it is stale`]);
  const now = job.clock();
  await pauseConnection({ ...partsOf(job), clock: () => now }, id);
  return { data: { connection_id: id, paused_since: new Date(now).toISOString() }, text: [`${id} is paused; work under way stops within 5 s.`] };
}

async function resume(job: Job, id: string): Promise<Answer> {
  const connection = await known(job, id);
  await job.agree([`${id} of provider ${connection.provider_id}: its calendars are read once, and its provider's future bookings brought in line`]);
  const { sqs, queueUrl, dynamo, tables } = job.place;
  const hints = hintQueue<InboundHint>(sqs, await queueUrl('inbound'), ({ connection_id }) => connection_id);
  const providerHints = hintQueue<ProviderHint>(sqs, await queueUrl('booking'), ({ provider_id }) => provider_id);
  await resumeConnection({ ...partsOf(job), hints, markFutureBookings: markFutureBookings({ late: lateDues(dynamo, tables['sync-state']), providerHints, clock: job.clock }) }, connection);
  return { data: { connection_id: id, paused_since: null }, text: [`${id} runs again and catches up now. If this was interrupted, run it again: that is safe.`] };
}

async function disconnect(job: Job, id: string, removes: boolean): Promise<Answer> {
  const { provider_id, calendar_provider } = await known(job, id);
  await job.agree([`${id} of provider ${provider_id} at ${calendar_provider}: watches stopped, grant revoked, everything of it erased${removes ? ', and our future events removed from its calendars' : ''}; this cannot be undone`]);
  const { status, body } = await job.place.call('DELETE', `/v1/connections/${encodeURIComponent(id)}?remove_events=${String(removes)}`);
  return { data: { status, ...body }, text: [`${status}: ${String(body['state'] ?? body['detail'] ?? '')}`], bad: status !== 202 };
}

export const connections: AddCommand = (program, act) => {
  const group = program.command('connections').description('connected calendars');
  const one = (name: string, description: string) => group.command(name).description(description).argument('<connection-id>', '', connectionId);
  group.command('list').description('all of them, or those of one provider').option('--provider <id>', 'of this provider').option('--state <state>', 'active, paused, reauthorization_required or disconnecting').action(act((job, options) => list(job, options)));
  one('show', 'one of them: calendars, watches, what is due, what went wrong; no token').action(act((job, _, [id]) => show(job, id ?? '')));
  one('sync', 'read its calendars now; safe to repeat').action(act((job, _, [id]) => sync(job, id ?? '')));
  one('pause', 'read and write nothing of its calendars until it is resumed').action(act((job, _, [id]) => pause(job, id ?? '')));
  one('resume', 'go on, and catch up once; safe to repeat').action(act((job, _, [id]) => resume(job, id ?? '')));
  one('disconnect', 'stop its watches, revoke its grant, erase everything of it').option('--remove-events', 'take our future events out of its calendars first').action(act((job, { removeEvents }, [id]) => disconnect(job, id ?? '', removeEvents === true)));
};
