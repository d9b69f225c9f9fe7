// The webhook as it is deployed, against its unavoidable calls made bare by the same clients, over HTTP. Deliveries are signed before: that is the sender's work.
import type { Context } from 'aws-lambda';
import { days } from '../../../lib/platform/clock.ts';
import { aGoogleNotice, googleToken } from '../../support/notices.ts';
import { awsBeside } from './aws-beside.ts';
import type { BareWebhook } from './bare-webhook.ts';
import { bundled } from './bundled.ts';
import { prepared, quietly } from './over-http.ts';
import { cpuOf, inPairs, inTurns, wallOf, type Budget, type Figure, type Hot, type Run } from './turns.ts';

type Delivery = ReturnType<typeof aGoogleNotice>;
type Receive = (event: Delivery, context: Context) => Promise<{ statusCode: number }>;
type Act = () => Promise<unknown>;
interface Contest {
  readonly what: string;
  readonly floorIs: string;
  readonly ours: Act;
  readonly floor: Act;
}

const context = { awsRequestId: 'r', functionName: 'f', getRemainingTimeInMillis: () => 30_000 } as unknown as Context;
/** So many of each are a turn. */
const each = 80;
/** So many of each before the first, so that neither is measured while it is still being compiled. */
const warm = 400;

const wall = (one: Act): Run => () => wallOf(one);
/** The processor's clock is too coarse for one. */
const processor = (one: Act): Run => async () => (await cpuOf(async () => {
  for (let n = 0; n < each; n += 1) await one();
})) / each;

export async function webhooks(budget: Budget): Promise<Hot> {
  const aws = await awsBeside();
  try {
    await prepared(aws, 'google-webhook');
    const { handler } = (await bundled('functions/google-webhook.ts')) as { handler: Receive };
    const { bareWebhook } = (await bundled('test/bench/hot/bare-webhook.ts')) as { bareWebhook: BareWebhook };
    // Each accepted notice, ours or the floor's, meets a connection of its own that is clean.
    const ids = Array.from({ length: 2 * warm + 4 * each * (budget.rounds + 1) }, (_, n) => `c-${n}`);
    await aws.hold({ rows: [...ids, 'dirty', 'floor', 'dirty-floor'].map((id) => ['sync-state', { connection_id: id, part: 'inbox', v: 1, generation: 1, ...(!id.startsWith('c-') && { dirtySince: Date.now() + days(1), dirtyShard: '1' }) }]) });
    const figures: Figure[] = [];
    for (const { what, floorIs, ours, floor } of await contests(handler, bareWebhook, ids)) {
      await quietly(async () => {
        for (let n = 0; n < warm; n += 1) for (const act of [ours, floor]) await act();
      });
      figures.push({ what: `webhook, ${what}`, floorIs, compared: await quietly(() => inPairs({ ours: wall(ours), floor: wall(floor) }, each, budget)) });
      figures.push({ what: `webhook, ${what}, processor alone`, floorIs, compared: await quietly(() => inTurns({ ours: processor(ours), floor: processor(floor) }, budget)) });
    }
    return { figures, growth: [] };
  } finally {
    aws.end();
  }
}

async function contests(handler: Receive, { write, ring, read, prove }: BareWebhook, ids: string[]): Promise<readonly Contest[]> {
  const deliveries = ids.map((connectionId) => aGoogleNotice({ connectionId }));
  const dirty = aGoogleNotice({ connectionId: 'dirty' });
  const forgedToken = googleToken('dirty', 'channel-1').replace(/.(?=.{4}$)/, (letter) => (letter === 'A' ? 'B' : 'A'));
  const forged = aGoogleNotice({ connectionId: 'dirty', token: forgedToken });
  let [taken, number] = [0, 1];
  const next = (): number => {
    if (taken >= ids.length) throw new Error('No connection is clean any more.');
    return taken++;
  };
  const numbered = (n: number): Delivery => ({ ...dirty, headers: { ...dirty.headers, 'x-goog-message-number': String(n) } });
  const post = async (status: number, delivery: Delivery | undefined): Promise<void> => {
    const { statusCode } = await handler(delivery as Delivery, context);
    if (statusCode !== status) throw new Error(`A notice was answered ${statusCode}, not ${status}.`);
  };
  const seen = numbered(40_000_000);
  await write('floor', 'same');
  await quietly(() => post(202, seen));
  const again = async (): Promise<void> => {
    await write('floor', 'same').catch(() => undefined);
    await read('floor');
  };
  const accepted = async (): Promise<void> => {
    const id = ids[next()] ?? '';
    await write(id, `k${id}`);
    await ring(id);
  };
  return [
    { what: 'accepted', floorIs: 'UpdateItem, SendMessage', ours: () => post(202, deliveries[next()]), floor: accepted },
    // Never in the slot of the one that is seen again.
    { what: 'coalesced', floorIs: 'UpdateItem', ours: () => post(202, numbered((number += 1) % 40 === 0 ? (number += 1) : number)), floor: () => write('dirty-floor', `k${(number += 1)}`) },
    { what: 'duplicate', floorIs: 'UpdateItem refused, GetItem', ours: () => post(200, seen), floor: again },
    { what: 'forged', floorIs: 'one HMAC', ours: () => post(401, forged), floor: () => prove(forgedToken) },
  ];
}
