import { randomUUID } from 'node:crypto';
import type { CalendarProvider } from '../../../lib/calendars/port.ts';
import { Metric } from '../../../lib/platform/names.ts';
import { channelOf, deliver, deliverUntilTaken, googleNotice, graphNotice, subscriptionOf, type Delivery } from '../../support/deliveries.ts';
import { professional } from '../../support/journey.ts';
import type { Run } from '../../support/run.ts';
import { clears, rings } from '../alarm-watch.ts';
import { expectThat } from '../expect-that.ts';
import type { Drill } from '../drill.ts';
import { total } from '../figures.ts';

const forgedGoogle = (): Delivery => googleNotice({ id: randomUUID(), resourceId: 'r', token: `v1.w1.${randomUUID()}.${randomUUID()}.${'A'.repeat(43)}` }, 1);
const forgedGraph = (): Delivery => graphNotice({ id: randomUUID(), clientState: `v1.w1.${randomUUID()}.n.${'A'.repeat(43)}` }, 1);
const graph = (body: string): Delivery => ({ path: '/webhooks/microsoft', headers: { 'content-type': 'application/json' }, body });
const google = (headers: Record<string, string>, body = ''): Delivery => ({ path: '/webhooks/google', headers, body });

/** What is sent, and the answer that it must get. */
const refused: readonly (readonly [what: string, status: number, delivery: () => Delivery])[] = [
  ['Graph: no JSON', 400, () => graph('{"value":')],
  ['Graph: JSON of another shape', 400, () => graph('[]')],
  ['Graph: an item without its fields', 400, () => graph('{"value":[{}]}')],
  ['Graph: no client state', 401, () => graph(forgedGraph().body?.replace(/"clientState":"[^"]*",/, '') ?? '')],
  ['Graph: a forged client state', 401, forgedGraph],
  ['Graph: markup and quotes in an id', 401, () => graphNotice({ id: `'"><script>{"$gt":""}`, clientState: '1 OR 1=1' }, 1)],
  ['Graph: over 256 KB', 413, () => graph('x'.repeat(257 * 1024))],
  ['Google: no headers', 400, () => google({})],
  ['Google: a channel without a token', 401, () => google({ 'x-goog-channel-id': 'c', 'x-goog-message-number': '1', 'x-goog-resource-id': 'r', 'x-goog-resource-state': 'exists' })],
  ['Google: a forged token', 401, forgedGoogle],
  ['Google: over 256 KB', 413, () => google(forgedGoogle().headers, 'x'.repeat(257 * 1024))],
];

/** A genuine notice, of which one character of the MAC is another. */
async function almost(run: Run, provider: CalendarProvider): Promise<Delivery> {
  const { connection } = await professional(run.platform, provider);
  const other = (token: string): string => `${token.slice(0, -2)}${token.at(-2) === 'A' ? 'B' : 'A'}${token.slice(-1)}`;
  if (provider === 'microsoft') {
    const { id, clientState } = await subscriptionOf(run.platform.outputs, connection);
    return graphNotice({ id, clientState: other(clientState) }, 1);
  }
  const channel = await channelOf(run.platform.outputs, connection);
  return googleNotice({ ...channel, token: other(channel.token) }, 99);
}

export const malformedWebhooks: Drill = {
  name: 'malformed-webhooks',
  title: 'Webhooks that are malformed, oversized, unsigned or forged are refused, counted, and rung for where they are many.',
  clock: 12,
  async run({ place, local, step }) {
    const apiUrl = await place.apiUrl();
    await step({
      name: 'refused',
      expects: 'Each is answered as the contract says: 400 malformed, 413 too large, 401 not authentic.',
      act: async () => {
        const answers = await Promise.all(refused.map(async ([what, status, delivery]) => [what, { status, answered: (await deliver({ apiUrl }, delivery())).status }] as const));
        for (const [what, { status, answered }] of answers) expectThat(answered === status, `${what}: answered ${answered} in place of ${status}`);
        return Object.fromEntries(answers.map(([what, { answered }]) => [what, answered]));
      },
    });
    await step({
      name: 'one-bit-off',
      expects: 'A genuine notice with one changed character in its MAC is refused, of Google and of Microsoft.',
      localOnly: true,
      act: async () => {
        const answers = await Promise.all((['google', 'microsoft'] as const).map(async (provider) => [provider, (await deliver({ apiUrl }, await almost(local as Run, provider))).status] as const));
        for (const [provider, status] of answers) expectThat(status === 401, `${provider}: answered ${status}`);
        return Object.fromEntries(answers);
      },
    });
    await step({
      name: 'spike-rings',
      expects: 'A hundred forged notices are counted as not authentic, and webhook-401-spike rings.',
      localOnly: true,
      act: async () => {
        const { sandbox } = local as Run;
        const statuses = await Promise.all(Array.from({ length: 120 }, async (_, n) => (await deliverUntilTaken({ apiUrl }, n % 2 === 0 ? forgedGoogle() : forgedGraph())).status));
        expectThat(statuses.every((status) => status === 401), `answered ${[...new Set(statuses)].join(', ')}`);
        return { ...(await rings(sandbox, 'webhook-401-spike')), counted: total(sandbox, Metric.webhooks, { outcome: 'not_authentic' }) };
      },
    });
    await step({ name: 'spike-clears', expects: 'Once they stop, it clears.', localOnly: true, act: () => clears((local as Run).sandbox, 'webhook-401-spike') });
  },
};
