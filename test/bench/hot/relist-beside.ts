// A large calendar listed anew by the worker's own code and clients over HTTP; tables and calendar are in a process beside, so that processor time is ours alone.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { calendarKey } from '../../../lib/calendars/calendar-key.ts';
import { parseJson } from '../../../lib/calendars/json.ts';
import { dynamoClient, ssmClient, steady } from '../../../lib/platform/clients.ts';
import { minutes, seconds } from '../../../lib/platform/clock.ts';
import { parseKeyRing } from '../../../lib/platform/key-ring.ts';
import { Setting, settingsPath, type TableName } from '../../../lib/platform/names.ts';
import { seal } from '../../../lib/platform/seal.ts';
import { openSettings } from '../../faults/fault-world.ts';
import { wire, type Functions } from '../../faults/wiring.ts';
import type { Wanted } from './calendar-process.ts';
import { cpuOf, inTurns, type Budget, type Figure } from './turns.ts';

interface Beside {
  readonly aws: string;
  readonly google: string;
  readonly named: Readonly<Record<TableName, string>>;
  readonly account: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}
/** Paging and reading the rows. */
export const floors = { plain: 'its calls by the SDK as it comes', own: 'its calls by our own client' } as const;
const id = 'c-1';
/** What was asked, to be asked again by this client of the tables. */
type Calls = ((dynamo: DynamoDBClient) => Promise<unknown>)[];

async function calendarBeside(): Promise<{ beside: Beside; ask: (wanted: Wanted) => Promise<void>; end: () => void }> {
  const child = fork(fileURLToPath(new URL('calendar-process.ts', import.meta.url)), { execArgv: ['--no-warnings'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const told = async (): Promise<unknown> => ((await Promise.race([once(child, 'message'), once(child, 'exit').then(() => Promise.reject(new Error('The calendar beside ended.')))])) as unknown[])[0];
  const beside = (await told()) as Beside;
  return {
    beside,
    async ask(wanted) {
      const done = told();
      child.send(wanted);
      await done;
    },
    end: () => child.disconnect(),
  };
}

/** A list anew of so many events of which nothing has changed, against its calls made again by `fetch` and a client of the SDK as it comes, and by one as ours are; each answer is parsed and no more. */
export async function relist(events: number, budget: Budget): Promise<Figure[]> {
  const { beside, ask, end } = await calendarBeside();
  try {
    const settings = openSettings().set(Setting.jobsEnabled, 'true');
    await ask({ parameters: [...settings].map(([name, value]) => [settingsPath('staging') + name, value]) });
    const begins = Date.now();
    for (let n = 0; n < events; n += 1000) await ask({ events: Array.from({ length: Math.min(1000, events - n) }, (_, m) => ({ start: begins + minutes(20 * (n + m)), end: begins + minutes(20 * (n + m) + 10) })) });
    const calls: Calls = [];
    const { functions, recording } = await workerOn(beside, calls);
    const pull = () => functions.inbound({ Records: [{ messageId: 'm', body: JSON.stringify({ v: 1, hint: 'pull', connection_id: id }) } as SQSRecord] }, Date.now() + seconds(55));
    await pull();
    await ask({ due: id });
    await recording(pull);
    const listed = functions.logged.findLast(({ message }) => message === 'pull')?.fields['items'];
    if (listed !== events) throw new Error(`Of ${events} events ${String(listed)} were listed anew.`);
    const timed = (run: () => Promise<unknown>) => async (): Promise<number> => {
      await ask('taken back');
      return cpuOf(run);
    };
    const against = async (floorIs: string, dynamo: DynamoDBClient): Promise<Figure> => {
      const bare = async (): Promise<void> => {
        for (const call of calls) await call(dynamo);
      };
      return { what: `re-list, ${events.toLocaleString('en-US')} events`, floorIs, compared: await inTurns({ ours: timed(pull), floor: timed(bare) }, budget) };
    };
    return [await against(floors.plain, new DynamoDBClient()), await against(floors.own, dynamoClient(steady))];
  } finally {
    end();
  }
}

/** The worker on tables and calendar beside, with one connection, that has not been read yet. `recording` notes every call that is made meanwhile. */
async function workerOn({ aws, google, named, account, accessToken, refreshToken }: Beside, calls: Calls): Promise<{ functions: Functions; recording: (work: () => Promise<unknown>) => Promise<void> }> {
  Object.assign(process.env, { AWS_ENDPOINT_URL_DYNAMODB: aws, AWS_ENDPOINT_URL_SSM: aws, AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' });
  const dynamo = dynamoClient(steady);
  const functions = wire({ dynamo, sqs: new SQSClient({ endpoint: aws }), ssm: ssmClient(steady), named, clock: Date.now, random: Math.random, settingsPath: settingsPath('staging'), urls: { google, graph: google, login: google, webhooks: google } });
  const now = Date.now();
  const ring = parseKeyRing(JSON.parse(openSettings().get(Setting.tokenKeys) ?? ''));
  const tokens = seal(ring, JSON.stringify({ access_token: accessToken, expires_at: now + minutes(55), refresh_token: refreshToken }), { connectionId: id, now });
  await functions.create({ v: 1, connection_id: id, provider_id: 'p-1', calendar_provider: 'google', state: 'active', account, zone: 'Europe/Berlin', scopes: [], tokens, calendars: [{ id: account, key: calendarKey(account), blocks: true, receives: true }], watches: [], created_at: now, granted_at: now });
  const send = dynamo.send.bind(dynamo) as (command: unknown) => Promise<unknown>;
  const { fetch } = globalThis;
  return {
    functions,
    async recording(work) {
      // A lease that is taken already, and the like, is refused: that costs no less.
      dynamo.send = ((command: Parameters<typeof dynamo.send>[0]) => (calls.push((client) => client.send(command).catch(() => undefined)), send(command))) as typeof dynamo.send;
      globalThis.fetch = (input, { signal: _signal, ...init } = {}) => (calls.push(async () => parseJson(await (await fetch(input, init)).text())), fetch(input, init));
      await work();
      dynamo.send = send as typeof dynamo.send;
      globalThis.fetch = fetch;
    },
  };
}
