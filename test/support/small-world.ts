// A small world in one process: the real stores on tables in memory, the real adapters against the simulators, a clock that only
// moves when told, hints in arrays instead of queues, and settings that a test turns at will.
import { openGoogle } from '../../lib/calendars/google/open-google.ts';
import { calendarKey } from '../../lib/calendars/calendar-key.ts';
import { openMicrosoft } from '../../lib/calendars/microsoft/open-microsoft.ts';
import { CalendarError, type CalendarProvider, type CalendarRef, type Calendars, type OpenCalendars } from '../../lib/calendars/port.ts';
import { createConnection } from '../../lib/connect/create-connection.ts';
import { hours, type Random } from '../../lib/platform/clock.ts';
import type { Connection, ConnectionCalendar } from '../../lib/platform/connections.ts';
import type { BookingHint, InboundHint } from '../../lib/platform/messages.ts';
import type { Quota } from '../../lib/platform/quota.ts';
import { Setting, type SettingName } from '../../lib/platform/names.ts';
import { settingsFrom, unknownSettings, type Settings } from '../../lib/platform/settings.ts';
import type { Change } from '../../lib/platform/changes.ts';
import { startGoogleSimulator, type GoogleSimulator } from '../simulators/google/simulator.ts';
import { startMicrosoftSimulator, type MicrosoftSimulator } from '../simulators/microsoft/simulator.ts';
import { googleHands, outlookHands, type Hands } from './hands.ts';
import { memoryTables, type MemoryTables } from './memory-tables.ts';
import { searchWorld } from './leaks.ts';
import { seededRandom } from './seeded-random.ts';

export interface Sent<H> {
  readonly hint: H;
  readonly delay: number;
}

/** Settings that a test turns; `unknown` makes them so. */
export class TurnableSettings implements Settings {
  readonly values = new Map<SettingName, string>();
  unknown = false;
  constructor() {
    this.reset();
  }
  reset(): void {
    this.unknown = false;
    this.values.clear();
    for (const flag of [Setting.syncEnabled, Setting.jobsEnabled, Setting.webhookEnabled]) this.values.set(flag, 'true');
    for (const list of [Setting.providerAllowlist, Setting.connectionAllowlist]) this.values.set(list, '*');
  }
  read() {
    return Promise.resolve(this.unknown ? unknownSettings : settingsFrom(this.values));
  }
}

export interface ConnectOptions {
  readonly providerId?: string;
  readonly zone?: string;
  /** One calendar that blocks and receives, unless said. */
  readonly calendars?: readonly { readonly blocks: boolean; readonly receives: boolean; /** Outlook: whose it is, where another person shared it. */ readonly sharedBy?: string }[];
}

/** A connection of a fresh account, with the hands of its owner at each calendar. */
export interface Connected {
  readonly connection: Connection;
  readonly id: string;
  readonly providerId: string;
  readonly provider: CalendarProvider;
  readonly account: string;
  readonly calendars: readonly ConnectionCalendar[];
  readonly hands: readonly Hands[];
  /** Of the first calendar. */
  readonly person: Hands;
  /** The adapter with an endless lease, beside all processes. */
  readonly adapter: Calendars;
}

export interface SmallWorld {
  readonly tables: MemoryTables;
  readonly google: GoogleSimulator;
  readonly microsoft: MicrosoftSimulator;
  readonly open: Readonly<Record<CalendarProvider, OpenCalendars>>;
  readonly tokens: Map<string, string>;
  readonly settings: TurnableSettings;
  readonly hints: Sent<InboundHint>[];
  readonly bookingHints: Sent<BookingHint>[];
  readonly changes: Change[];
  /** What workers logged. */
  readonly lines: unknown[];
  /** Tokens that were revoked. */
  readonly revoked: string[];
  /** Of calls; absent: nobody else spends of it. */
  quota?: Quota;
  readonly clock: () => number;
  readonly random: Random;
  advance(ms: number): void;
  connect(provider: CalendarProvider, options?: ConnectOptions): Promise<Connected>;
  close(): Promise<void>;
}

/** Two days before the clocks go forward in Berlin. */
export const worldBegins = Date.parse('2026-03-27T09:00:00Z');
const tokenSeconds = 10 * 365 * 86_400;

export async function startSmallWorld(seed = 7): Promise<SmallWorld> {
  let now = worldBegins;
  const clock = (): number => now;
  const random = seededRandom(seed);
  const [tables, google, microsoft] = await Promise.all([
    memoryTables(clock),
    startGoogleSimulator({ clock, random: seededRandom(seed + 1), accessTokenSeconds: tokenSeconds }),
    startMicrosoftSimulator({ clock, random: seededRandom(seed + 2), accessTokenSeconds: tokenSeconds, behaviour: { latencyMs: 0 } }),
  ]);
  const world = {
    tables, google, microsoft, clock, random,
    open: { google: openGoogle({ apiUrl: google.url, clock }), microsoft: openMicrosoft({ graphUrl: microsoft.url, clock }) },
    tokens: new Map<string, string>(),
    settings: new TurnableSettings(),
    hints: [], bookingHints: [], changes: [], revoked: [], lines: [],
    advance: (ms: number) => void (now += ms),
  };
  let count = 0;
  return {
    ...world,
    connect: (provider, options = {}) => connect(world, provider, { ...options, n: (count += 1) }),
    async close() {
      await Promise.all([google.close(), microsoft.close()]);
      const { hints, bookingHints, changes, lines } = world;
      await searchWorld({ of: [google, microsoft], tables, also: { messages: [...hints, ...bookingHints, ...changes], logs: lines } });
    },
  };
}

type Core = Omit<SmallWorld, 'connect' | 'close'>;

async function connect(world: Core, provider: CalendarProvider, { n, providerId = `p-${n}`, zone = 'Europe/Berlin', calendars: wanted = [{ blocks: true, receives: true }] }: ConnectOptions & { n: number }): Promise<Connected> {
  const id = `c-${n}`;
  const account = `person${n}@${provider}.example`;
  const { ids, token } = addAccount(world, provider, { account, zone, wanted });
  const calendars = ids.map((calendarId, index) => ({ id: calendarId, key: calendarKey(calendarId), blocks: wanted[index]?.blocks ?? false, receives: wanted[index]?.receives ?? false }));
  const hands = calendars.map((calendar) => (provider === 'google' ? googleHands(world.google, { account, calendar: calendar.id }, zone) : outlookHands(world.microsoft, { account, calendar: calendar.id }, zone)));
  world.tokens.set(id, token);
  const connection: Connection = {
    v: 1, connection_id: id, provider_id: providerId, calendar_provider: provider, state: 'active', account, zone, scopes: [], tokens: 'sealed',
    calendars, watches: [{ id: `w-${n}`, expires_at: world.clock() + hours(24 * 365), key_id: 'k1' }], created_at: world.clock(), granted_at: world.clock(),
  };
  const { named } = world.tables;
  const hints = { send: () => Promise.resolve(), sendAll: () => Promise.resolve() };
  await createConnection({ dynamo: world.tables.dynamo, tables: { connections: named.connections, syncState: named['sync-state'], busyIntervals: named['busy-intervals'] }, hints, clock: world.clock }, connection);
  const adapter = world.open[provider]({ connectionId: id, token: () => tokenOf(world, id), permit: () => Promise.resolve(), endsAt: Number.MAX_SAFE_INTEGER, zone });
  const [person] = hands;
  if (!person) throw new Error('A connection needs a calendar.');
  return { connection, id, providerId, provider, account, calendars, hands, person, adapter };
}

function addAccount({ google, microsoft }: Core, provider: CalendarProvider, { account, zone, wanted }: { account: string; zone: string; wanted: NonNullable<ConnectOptions['calendars']> }): { ids: string[]; token: string } {
  const each = wanted.map((_, index) => index);
  if (provider === 'google') {
    const ids = each.map((index) => (index === 0 ? account : `${index}-${account}`));
    return { ids, token: google.addAccount({ email: account, calendars: ids.map((id, index) => ({ id, timeZone: zone, primary: index === 0 })) }).accessToken };
  }
  const added = microsoft.addAccount({ email: account, calendars: wanted.map(({ sharedBy }, index) => ({ name: `Calendar ${index}`, isDefault: index === 0, timeZone: zone, ...(sharedBy !== undefined && { sharedBy }) })) });
  return { ids: added.calendars.map(({ id }) => id), token: added.accessToken };
}

/** A connection without a token has a dead grant. */
export function tokenOf({ tokens }: Pick<SmallWorld, 'tokens'>, connectionId: string): Promise<string> {
  const token = tokens.get(connectionId);
  return token === undefined ? Promise.reject(new CalendarError('grant_dead', { reason: 'invalid_grant' })) : Promise.resolve(token);
}

export const refOf = ({ calendars }: Connected, index = 0): CalendarRef => {
  const calendar = calendars[index];
  if (!calendar) throw new Error(`There is no calendar ${index}.`);
  return { id: calendar.id, key: calendar.key };
};
