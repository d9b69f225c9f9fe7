// The whole service in one process and in virtual time: its functions as processes that may die at any call, queues and notices in arrays,
// tables in memory, the real adapters against the simulators.
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { calendarKey } from '../../lib/calendars/calendar-key.ts';
import { minutes, seconds } from '../../lib/platform/clock.ts';
import { parseKeyRing } from '../../lib/platform/key-ring.ts';
import { Setting, type SettingName } from '../../lib/platform/names.ts';
import { seal } from '../../lib/platform/seal.ts';
import { defaultClient, startGoogleSimulator, type GoogleSimulator } from '../simulators/google/simulator.ts';
import { startMicrosoftSimulator, type MicrosoftSimulator } from '../simulators/microsoft/simulator.ts';
import { googleHands, outlookHands, type Hands } from '../support/hands.ts';
import { searchWorld } from '../support/leaks.ts';
import { memoryTables, type MemoryTables } from '../support/memory-tables.ts';
import { aPost, aSecret } from '../support/notices.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { dynamoDoor, fetchDoor, Queues, sqsDoor, ssmDoor } from './doors.ts';
import { Model } from './model.ts';
import { Outside, Process } from './outside.ts';
import { quiet } from './quiet.ts';
import { wire, type Functions } from './wiring.ts';

/** A notice on its way to us. */
export interface Posted {
  readonly provider: CalendarProvider;
  readonly headers: Record<string, string>;
  readonly body: string;
  at: number;
  attempts: number;
}

export interface Person {
  readonly id: string;
  readonly providerId: string;
  readonly provider: CalendarProvider;
  readonly account: string;
  readonly calendars: readonly { readonly id: string; readonly key: string; readonly hands: Hands }[];
}

export interface FaultWorld {
  readonly outside: Outside;
  readonly tables: MemoryTables;
  readonly queues: Queues;
  readonly google: GoogleSimulator;
  readonly microsoft: MicrosoftSimulator;
  readonly model: Model;
  readonly settings: Map<string, string>;
  readonly people: Person[];
  readonly notices: Posted[];
  readonly functions: Functions;
  /** Effects that come after their answer was given up. */
  readonly afterwards: { at: number; readonly what: string; readonly effect: () => Promise<unknown> }[];
  /** What a look of any kind found amiss. */
  readonly violations: string[];
  readonly random: () => number;
  now: number;
  /** How far our clock is from everybody else's, in ms. */
  skew: number;
  /** Whether SSM answers. */
  ssm: boolean;
  connect(provider: CalendarProvider, options?: { providerId?: string; calendars?: readonly { blocks: boolean; receives: boolean }[] }): Promise<Person>;
  /** A person consents, and begins anew some minutes later where that did not work out. */
  consents(provider: CalendarProvider, options?: { providerId?: string }): Promise<Person>;
  /** The platform asks, again until it is answered well. */
  asks(ask: (functions: Functions) => Promise<APIGatewayProxyStructuredResultV2>): Promise<void>;
  set(name: SettingName, value: string): void;
  /** One invocation of a function as a process of its own. */
  invoke<T>(name: string, work: () => Promise<T>): Promise<{ readonly process: Process; readonly answer?: T; readonly error?: unknown }>;
  /** Once all that the simulators send lies in `notices`. */
  heard(): Promise<void>;
  close(): Promise<void>;
}

export const worldBegins = Date.parse('2026-03-27T09:00:00Z');
export const zone = 'Europe/Berlin';
const settingsPath = '/calendar-sync/staging/';
const webhooks = 'http://127.0.0.1:9';
const tokenKey = { keys: [{ id: 't1', secret: aSecret('t1'), signsFrom: '2020-01-01T00:00:00Z' }] };

export function openSettings(): Map<string, string> {
  const values = new Map<string, string>();
  for (const flag of [Setting.syncEnabled, Setting.webhookEnabled, Setting.oauthEnabled]) values.set(flag, 'true');
  for (const list of [Setting.providerAllowlist, Setting.connectionAllowlist]) values.set(list, '*');
  values.set(Setting.tokenKeys, JSON.stringify(tokenKey));
  values.set(Setting.webhookKeys, JSON.stringify({ keys: [{ id: 'k1', secret: aSecret('k1'), signsFrom: '2020-01-01T00:00:00Z' }] }));
  values.set(Setting.googleOauth, JSON.stringify({ client_id: defaultClient.clientId, client_secret: defaultClient.clientSecret }));
  values.set(Setting.microsoftOauth, JSON.stringify({ client_id: 'm', client_secret: 'secret' }));
  return values;
}

export async function startFaultWorld(seed: number): Promise<FaultWorld> {
  const state = { now: worldBegins, ssm: true, skew: 0 };
  const clock = (): number => state.now;
  const random = seededRandom(seed);
  const outside = new Outside();
  const [tables, google, microsoft] = await Promise.all([
    memoryTables(clock),
    startGoogleSimulator({ clock, random: seededRandom(seed + 1), manners: { syncFirst: false } }),
    startMicrosoftSimulator({ clock, random: seededRandom(seed + 2), behaviour: { latencyMs: 0, batchMs: 0 } }),
  ]);
  microsoft.addClient({ clientId: 'm', clientSecret: 'secret' });
  const settings = openSettings();
  const queues = new Queues(clock);
  const notices: Posted[] = [];
  const usual = globalThis.fetch;
  const routes = [{ name: 'google', root: google.url, within: google.within }, { name: 'graph', root: microsoft.url, within: microsoft.within }];
  const answer = async (url: URL, init: RequestInit): Promise<Response> => {
    const provider: CalendarProvider = url.pathname.endsWith('google') ? 'google' : 'microsoft';
    const headers = Object.fromEntries(new Headers(init.headers).entries());
    const body = await new Response(init.body ?? null).text();
    if (!url.searchParams.has('validationToken')) {
      notices.push({ provider, headers, body, at: state.now, attempts: 0 });
      return new Response(null, { status: 202 });
    }
    const told = await functions.webhook[provider](aPost(provider, { headers, rawQueryString: url.search.slice(1), body }));
    return new Response(told.body ?? null, { status: told.statusCode ?? 500, headers: told.headers as Record<string, string> });
  };
  const door = fetchDoor(outside, routes, { root: webhooks, answer });
  globalThis.fetch = door;
  const functions = wire({
    dynamo: dynamoDoor(outside, tables), sqs: sqsDoor(outside, queues), ssm: ssmDoor(outside, settings, { path: settingsPath, answers: () => state.ssm }),
    named: tables.named, clock: () => state.now + state.skew, random, settingsPath, urls: { google: google.url, graph: microsoft.url, login: microsoft.loginUrl, webhooks },
  });
  const afterwards: FaultWorld['afterwards'] = [];
  outside.later = (what, effect) => void afterwards.push({ at: state.now + 90_000, what, effect });
  const people: Person[] = [];
  const world: FaultWorld = {
    outside, tables, queues, google, microsoft, settings, notices, functions, afterwards, people, random,
    model: new Model(),
    violations: [],
    get now() {
      return state.now;
    },
    set now(ms) {
      // Clocks tell whole milliseconds: Google refuses a channel whose end is a fraction.
      state.now = Math.round(ms);
    },
    get skew() {
      return state.skew;
    },
    set skew(ms) {
      state.skew = Math.round(ms);
    },
    get ssm() {
      return state.ssm;
    },
    set ssm(answers) {
      state.ssm = answers;
    },
    set: (name, value) => void settings.set(name, value),
    connect: (provider, options) => connect(world, provider, options),
    consents: (provider, options) => consents(world, provider, options),
    async asks(ask) {
      let last: unknown;
      for (let tried = 0; tried < mostTries; tried += 1) {
        last = await world.invoke('connections', () => ask(functions));
        const { answer } = last as { answer?: APIGatewayProxyStructuredResultV2 };
        if ((answer?.statusCode ?? 500) < 300) return;
        await quiet(world, { until: world.now + seconds(10) });
      }
      throw new Error(`The platform was refused: ${JSON.stringify(last)}`);
    },
    async invoke(name, work) {
      const process = new Process(name);
      try {
        return { process, answer: await outside.run(process, work) };
      } catch (error) {
        return { process, error };
      }
    },
    async heard() {
      await google.notices.idle();
      await microsoft.notices.idle();
    },
    async close() {
      if (globalThis.fetch === door) globalThis.fetch = usual;
      await Promise.all([google.close(), microsoft.close()]);
      await searchWorld({ of: [google, microsoft], tables, also: { messages: [...queues.messages, ...queues.dead], logs: functions.lines } });
    },
  };
  return world;
}

type Uses = readonly { blocks: boolean; receives: boolean }[];
const asUsual: Uses = [{ blocks: true, receives: true }];

async function connect(world: FaultWorld, provider: CalendarProvider, { providerId, calendars: wanted = asUsual }: { providerId?: string; calendars?: Uses } = {}): Promise<Person> {
  const n = world.people.length + 1;
  const id = `c-${n}`;
  const account = `person${n}@${provider}.example`;
  const { ids, grant } = addAccount(world, provider, { account, count: wanted.length });
  const calendars = ids.map((calendarId, index) => ({ id: calendarId, key: calendarKey(calendarId), blocks: wanted[index]?.blocks ?? false, receives: wanted[index]?.receives ?? false }));
  const person = joined(world, { id, provider, account, providerId: providerId ?? `p-${n}` }, calendars);
  const tokens = seal(parseKeyRing(tokenKey), JSON.stringify({ access_token: grant.accessToken, expires_at: world.now + 3_500_000, refresh_token: grant.refreshToken }), { connectionId: id, now: world.now });
  await world.invoke('connect', () => world.functions.create({
    v: 1, connection_id: id, provider_id: person.providerId, calendar_provider: provider, state: 'active', account, zone, scopes: [], tokens, calendars, watches: [], created_at: world.now, granted_at: world.now,
  }));
  return person;
}

/** Told to the model, with the hands of its owner at each calendar. */
function joined(world: FaultWorld, who: Omit<Person, 'calendars'>, calendars: readonly { id: string; key: string; blocks: boolean; receives: boolean }[]): Person {
  const { id, provider, account, providerId } = who;
  const handsAt = (calendar: string): Hands => (provider === 'google' ? googleHands(world.google, { account, calendar }, zone) : outlookHands(world.microsoft, { account, calendar }, zone));
  const person = { ...who, calendars: calendars.map((calendar) => ({ ...calendar, hands: handsAt(calendar.id) })) };
  world.people.push(person);
  world.model.connect({ id, providerId, calendars: calendars.map((calendar) => ({ ...calendar, events: new Map() })) });
  return person;
}

const mostTries = 6;

async function consents(world: FaultWorld, provider: CalendarProvider, { providerId }: { providerId?: string } = {}): Promise<Person> {
  const n = world.people.length + 1;
  const account = `person${n}@${provider}.example`;
  const { ids: [calendar = ''], grant } = addAccount(world, provider, { account, count: 1 });
  const who = { provider, account, providerId: providerId ?? `p-${n}` };
  for (let tried = 0; tried < mostTries; tried += 1) {
    const { answer } = await world.invoke('connect', () => world.functions.consent({ ...who, accessToken: grant.accessToken, refreshToken: grant.refreshToken }, world.now + seconds(24)));
    if (answer?.end === 'connected') return joined(world, { ...who, id: answer.connectionId }, [{ id: calendar, key: calendarKey(calendar), blocks: true, receives: true }]);
    await quiet(world, { until: world.now + minutes(3) });
  }
  throw new Error(`${account} could not be connected.`);
}

function addAccount({ google, microsoft }: FaultWorld, provider: CalendarProvider, { account, count }: { account: string; count: number }): { ids: string[]; grant: { accessToken: string; refreshToken: string } } {
  const each = Array.from({ length: count }, (_, index) => index);
  if (provider === 'google') {
    const ids = each.map((index) => (index === 0 ? account : `${index}-${account}`));
    return { ids, grant: google.addAccount({ email: account, calendars: ids.map((id, index) => ({ id, timeZone: zone, primary: index === 0 })) }) };
  }
  const added = microsoft.addAccount({ email: account, calendars: each.map((index) => ({ name: `Calendar ${index}`, isDefault: index === 0, timeZone: zone })) });
  return { ids: added.calendars.map(({ id }) => id), grant: added };
}
