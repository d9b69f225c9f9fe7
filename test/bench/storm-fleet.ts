// Connections of a local run by the hundred: accounts at the simulators, and rows as a finished consent and a first pull leave them.
import { ScanCommand, UpdateItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { calendarKey } from '../../lib/calendars/calendar-key.ts';
import { createConnection } from '../../lib/connect/create-connection.ts';
import { days, hours } from '../../lib/platform/clock.ts';
import { eachConcurrently } from '../../lib/platform/concurrently.ts';
import { fromItem } from '../../lib/platform/dynamo.ts';
import { parseKeyRing } from '../../lib/platform/key-ring.ts';
import { Setting, type TableName } from '../../lib/platform/names.ts';
import { seal } from '../../lib/platform/seal.ts';
import { googleNotice, graphNotice, type Delivery } from '../support/deliveries.ts';
import type { Platform } from '../support/platform.ts';
import { aSecret } from '../support/notices.ts';
import { sendJson } from '../support/send-json.ts';
import type { Target } from './storm-mix.ts';

export interface Member extends Target<Delivery> {
  readonly providerId: string;
  /** What its person has put into the calendar, as start and end. */
  readonly events: Set<string>;
}

const tokenKeys = { keys: [{ id: 't1', secret: aSecret('t1'), signsFrom: '2020-01-01T00:00:00Z' }] };
const origin = Math.ceil(Date.now() / hours(1)) * hours(1) + days(1);
const iso = (ms: number): string => new Date(ms).toISOString();

/** Sealed under keys of its own, which are set here: before any function has read the old ones. */
export const setTokenKeys = (platform: Platform): Promise<void> => platform.set(Setting.tokenKeys, JSON.stringify(tokenKeys));

/** Half of them at Google, half at Microsoft. */
export async function joinFleet(platform: Platform, { size, name }: { size: number; name: string }): Promise<Member[]> {
  const members: Member[] = [];
  await eachConcurrently(Array.from({ length: size }, (_, n) => n), 4, async (n) => void members.push(await join(platform, { provider: n % 2 === 0 ? 'google' : 'microsoft', id: `${name}-${n}` })));
  return members;
}

async function join(platform: Platform, { provider, id }: { provider: CalendarProvider; id: string }): Promise<Member> {
  const { outputs, dynamo } = platform;
  const root = provider === 'google' ? outputs.simulators.google : outputs.simulators.graph;
  const email = `${id}@${provider}.example`;
  const calendars = [provider === 'google' ? { id: email, timeZone: 'UTC', primary: true } : { name: 'Calendar', isDefault: true, timeZone: 'UTC' }];
  const account = (await sendJson(root, 'POST', '/_sim/accounts', { email, calendars })).body as { accessToken: string; refreshToken: string; calendars?: { id: string }[] };
  const calendar = account.calendars?.[0]?.id ?? email;
  const now = Date.now();
  const tokens = seal(parseKeyRing(tokenKeys), JSON.stringify({ access_token: account.accessToken, expires_at: now + 3_500_000, refresh_token: account.refreshToken }), { connectionId: id, now });
  const key = calendarKey(calendar);
  const watch = { id: `watch-${id}`, resource_id: 'resource', calendar_key: key, expires_at: now + days(6), made_at: now, key_id: 'w1' };
  const tables = { connections: outputs.tables.connections, syncState: outputs.tables['sync-state'], busyIntervals: outputs.tables['busy-intervals'] };
  await createConnection({ dynamo, tables, hints: { send: async () => undefined, sendAll: async () => undefined }, clock: () => now }, {
    v: 1, connection_id: id, provider_id: `p-${id}`, calendar_provider: provider, state: 'active', account: id, zone: 'UTC', scopes: [], tokens, watches: [watch], created_at: now, granted_at: now,
    calendars: [{ id: calendar, key, blocks: true, receives: true }],
  });
  await dynamo.send(new UpdateItemCommand({ TableName: tables.syncState, Key: { connection_id: { S: id }, part: { S: 'inbox' } }, UpdateExpression: 'REMOVE dirtySince, dirtyShard' }));
  return { provider, providerId: `p-${id}`, ...notices(platform, { provider, id, watch: watch.id }), ...calendarOf({ root, provider, email, calendar }) };
}

function notices(platform: Platform, { provider, id, watch }: { provider: CalendarProvider; id: string; watch: string }): Pick<Member, 'genuine' | 'forged'> {
  const flip = (token: string): string => token.replace(/.(?=.{4}$)/, (letter) => (letter === 'A' ? 'B' : 'A'));
  if (provider === 'google') {
    const channel = { id: watch, resourceId: 'resource', token: platform.watchToken('google', id, watch) };
    return { genuine: (n) => googleNotice(channel, 1000 + n), forged: (n) => googleNotice({ ...channel, token: flip(channel.token) }, 1000 + n) };
  }
  const subscription = { id: watch, clientState: platform.watchToken('microsoft', id, 'nonce') };
  return { genuine: (n) => graphNotice(subscription, n), forged: (n) => graphNotice({ ...subscription, clientState: flip(subscription.clientState) }, n) };
}

/** Its person enters one half hour after another. */
function calendarOf({ root, provider, email, calendar }: { root: string; provider: CalendarProvider; email: string; calendar: string }): Pick<Member, 'change' | 'events'> {
  const events = new Set<string>();
  return {
    events,
    async change() {
      const start = origin + hours(events.size);
      const [from, to] = [iso(start), iso(start + hours(0.5))];
      events.add(`${from} ${to}`);
      const times = { start: { dateTime: from.replace('Z', ''), timeZone: 'UTC' }, end: { dateTime: to.replace('Z', ''), timeZone: 'UTC' } };
      const event = provider === 'google' ? { event: { summary: 'Busy', start: { dateTime: from, timeZone: 'UTC' }, end: { dateTime: to, timeZone: 'UTC' } } } : { body: { subject: 'Busy', ...times } };
      const { status, body } = await sendJson(root, 'POST', '/_sim/human', { account: email, calendar, action: 'insert', ...event });
      if (status >= 300) throw new Error(`The simulator refused an event: ${JSON.stringify(body)}`);
    },
  };
}

/** Every row of a table. */
export async function allRows({ dynamo, outputs }: Platform, table: TableName): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  let from: Record<string, AttributeValue> | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await dynamo.send(new ScanCommand({ TableName: outputs.tables[table], ConsistentRead: true, ...(from && { ExclusiveStartKey: from }) }));
    rows.push(...Items.map(fromItem));
    from = LastEvaluatedKey;
  } while (from);
  return rows;
}

/** Where the busy rows differ from what stands in the calendars; each difference in a sentence. */
export function differencesOf(members: readonly Member[], rows: readonly Record<string, unknown>[]): string[] {
  const seen = new Map<string, string[]>();
  for (const { provider_id, row, start, end } of rows) {
    if (start === undefined || String(row).startsWith('!')) continue;
    seen.set(String(provider_id), [...(seen.get(String(provider_id)) ?? []), `${iso(Date.parse(String(start)))} ${iso(Date.parse(String(end)))}`]);
  }
  return members.flatMap(({ providerId, events }) => {
    const [is, wanted] = [(seen.get(providerId) ?? []).sort().join(', '), [...events].sort().join(', ')];
    return is === wanted ? [] : [`${providerId}: ${is}, wanted ${wanted}`];
  });
}
