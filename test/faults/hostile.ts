// Hostile input for every way in: what it is answered, that nothing is written, sent or logged for it, and that nothing falls over.
import type { APIGatewayProxyStructuredResultV2, SQSBatchResponse } from 'aws-lambda';
import fc from 'fast-check';
import { IcsError, readIcs } from '../simulators/ics.ts';
import { calendarFiles } from './hostile-files.ts';
import { marker } from './hostile-junk.ts';
import { queues, type Message } from './hostile-messages.ts';
import { routes, type Request } from './hostile-requests.ts';
import { startHostileWorld, type Asked, type HostileWorld } from './hostile-world.ts';

export interface Attacked {
  readonly entry: string;
  readonly attempts: number;
  /** How often each ended how. */
  readonly ends: Readonly<Record<string, number>>;
  /** The first one, shrunk, with what replays it. */
  readonly failure?: string;
}

export interface Attack {
  readonly attempts: number;
  readonly seed: number;
  readonly told?: (attacked: Attacked) => void;
}

interface Entry {
  readonly name: string;
  readonly share: number;
  /** One property over inputs of its kind: gives back how it ended, throws for a violation. */
  readonly property: (world: HostileWorld, ended: (how: string) => void) => fc.IAsyncProperty<[unknown]>;
}

const longestLog = 16 * 1024;

/** Throws nothing: what failed is told. The same seed tries the same. */
export async function attack({ attempts, seed, told = () => undefined }: Attack): Promise<Attacked[]> {
  const world = await startHostileWorld();
  const shares = entries.reduce((sum, { share }) => sum + share, 0);
  const all: Attacked[] = [];
  try {
    for (const { name, share, property } of entries) {
      const ends: Record<string, number> = {};
      const details = await fc.check(property(world, (how) => void (ends[how] = (ends[how] ?? 0) + 1)), { numRuns: Math.ceil((attempts * share) / shares), seed });
      const failure = details.failed ? `seed ${details.seed}, path ${String(details.counterexamplePath)}: ${reasonOf(details.errorInstance)}\n  shrunk: ${fc.stringify(details.counterexample).slice(0, 3000)}` : undefined;
      all.push({ entry: name, attempts: details.numRuns, ends, ...(failure !== undefined && { failure }) });
      told(all.at(-1) as Attacked);
    }
  } finally {
    await world.close();
  }
  return all;
}

const reasonOf = (error: unknown): string => (error instanceof Violation ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error));

class Violation extends Error {}
const must = (held: boolean, otherwise: string): void => {
  if (!held) throw new Violation(otherwise);
};

/** Ids alone may be logged, and may be any text. */
const ids = /"(?:booking_id|provider_id|connection_id)":"(?:[^"\\]|\\.)*"/g;

/** What holds for every call, whatever came in. */
function wellBehaved({ error, printed }: Asked, { secrets }: HostileWorld): void {
  must(error === undefined, `it threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  must(!printed.replace(ids, '').includes(marker), `raw content was logged: ${printed.slice(0, 500)}`);
  for (const secret of secrets) must(!printed.includes(secret), `a secret was logged: ${printed.slice(0, 500)}`);
  must(printed.length <= longestLog, `${printed.length} characters were logged: ${printed.slice(0, 500)}`);
}

async function answered(world: HostileWorld, request: Request): Promise<string> {
  const { fn, event, mayPass, begins } = request;
  const ask = async (): Promise<Asked> => world.ask(fn, begins === undefined ? event : await withConsent(world, begins, event));
  let asked = await ask();
  // Where others use up the machine, a call to our own tables may come too late: asked once more.
  if (asked.printed.includes('TimeoutError')) asked = await ask();
  wellBehaved(asked, world);
  const { statusCode = 0, body = '' } = asked.answer as APIGatewayProxyStructuredResultV2;
  const effects = asked.written.length + asked.sent.length;
  must(statusCode < 500, `${statusCode}: ${asked.printed}`);
  must(statusCode < 300 || statusCode >= 400 || mayPass, `${statusCode}, a redirect, for what was not valid`);
  must(statusCode >= 300 || mayPass || body.startsWith('<!doctype html>'), `${statusCode} for what was not valid`);
  must(effects === 0 || mayPass, `${statusCode}, yet it wrote or sent: ${JSON.stringify([asked.written, asked.sent])}`);
  must(effects === 0 || statusCode < 400 || begins !== undefined, `${statusCode}, yet it wrote or sent: ${JSON.stringify([asked.written, asked.sent])}`);
  must(!body.includes('<script>') || !body.startsWith('<!doctype html>'), 'a page with a script of a stranger');
  return String(statusCode);
}

/** A link is asked for and opened, as its person would. */
async function withConsent(world: HostileWorld, provider: string, event: object): Promise<unknown> {
  const wish = { routeKey: 'POST /v1/connections', rawPath: '/v1/connections', rawQueryString: '', body: JSON.stringify({ provider_id: 'p-3', calendar_provider: provider }), isBase64Encoded: false };
  const { body = '{}' } = (await world.ask('connections', wish)).answer as APIGatewayProxyStructuredResultV2;
  const startId = (JSON.parse(body) as { url: string }).url.split('/').at(-1) ?? '';
  const opened = (await world.ask('connect', { routeKey: 'GET /connect/{start_id}', rawQueryString: '', pathParameters: { start_id: startId } })).answer as APIGatewayProxyStructuredResultV2;
  const state = new URL(String(opened.headers?.['location'])).searchParams.get('state') ?? '';
  const cookie = opened.cookies?.[0]?.split(';')[0] ?? '';
  const text = JSON.stringify(event).replaceAll('@@STATE@@', state).replaceAll('@@START@@', startId).replaceAll('@@COOKIE@@', cookie);
  return JSON.parse(text);
}

async function received(world: HostileWorld, queue: 'inbound' | 'booking', messages: readonly Message[]): Promise<string> {
  const records = messages.map(({ body }, n) => ({ messageId: `message-${n}`, body }));
  const asked = await world.ask(`${queue}-sync`, { Records: records });
  wellBehaved(asked, world);
  must((asked.answer as SQSBatchResponse).batchItemFailures.length === 0, `messages came back: ${JSON.stringify(asked.answer)} ${asked.printed}`);
  const aside = asked.sent.filter((sent) => sent.queue === world.dead[queue]);
  for (const [n, { body, valid }] of messages.entries()) {
    const found = aside.filter(({ attributes }) => attributes['messageId'] === `message-${n}`);
    must(found.length <= 1 && found.every((one) => one.body === body && (one.attributes['reason'] ?? '') !== ''), `set aside otherwise than it came: ${JSON.stringify(found)}`);
    must(found.length === 1 || valid !== 'never', `it can never be valid, and was not set aside: ${body.slice(0, 300)}`);
  }
  const mayWrite = messages.some(({ valid }) => valid === 'perhaps');
  must(mayWrite || asked.written.length === 0, `it wrote: ${JSON.stringify(asked.written)}`);
  must(mayWrite || asked.sent.length === aside.length, `it sent: ${JSON.stringify(asked.sent)}`);
  return aside.length === messages.length ? 'all set aside' : aside.length === 0 ? 'none set aside' : 'some set aside';
}

/** A file that is read must also be one that either calendar can be filled with. */
function read(world: HostileWorld, text: string): string {
  try {
    readIcs(text, { defaultZone: 'UTC' });
  } catch (error) {
    if (error instanceof IcsError) return 'refused';
    throw error;
  }
  world.load(text);
  return 'read';
}

/** Messages first: an erasing that a request has begun is one that a message may go on with. */
const entries: readonly Entry[] = [
  ...(['inbound', 'booking'] as const).map((queue): Entry => ({ name: `messages of the ${queue} queue`, share: 3, property: (world, ended) => fc.asyncProperty(fc.array(queues[queue], { minLength: 1, maxLength: 4 }), async (messages) => ended(await received(world, queue, messages))) })),
  ...routes.map(({ name, requests }): Entry => ({ name, share: name.startsWith('POST /webhooks') ? 3 : 1, property: (world, ended) => fc.asyncProperty(requests, async (request) => ended(await answered(world, request))) })),
  { name: 'calendar files', share: 2, property: (world, ended) => fc.asyncProperty(calendarFiles, async (text) => ended(read(world, text))) },
];
