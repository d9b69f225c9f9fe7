// What a driver may do that no client can: make accounts, act as the person at the calendar, look at the truth.
import type { Codes } from '../consent.ts';
import { readIcs } from '../ics.ts';
import { isZone } from '../zones.ts';
import type { Channels, Channel } from './channels.ts';
import type { Credentials, IssuedTokens, OauthClient } from './credentials.ts';
import type { EventRecord, Json } from './event-record.ts';
import { eventView } from './event-view.ts';
import { createEventWrites, findEvent, instanceId } from './event-writes.ts';
import type { EventWrites } from './event-writes.ts';
import { importEvents } from './imported-events.ts';
import { usualScopes } from './scopes.ts';
import type { AccessRole, CalendarInput, CalendarView, Account, SimCalendar, World } from './world.ts';
import { ControlError, roles } from './world.ts';

export interface AccountInput {
  readonly email: string;
  /** One primary calendar in UTC unless given. */
  readonly calendars?: readonly CalendarInput[];
  /** Whom the account consents to: the client added last unless named. */
  readonly clientId?: string;
  readonly scopes?: readonly string[];
}

export interface NewAccount extends IssuedTokens {
  readonly account: string;
  readonly sub: string;
}

/** What a person does. An instance of a series is named by `eventId` of the series and its original start, as 2026-03-02T08:00:00Z or 2026-03-02. */
export type HumanAct = { readonly account: string; readonly calendar: string } & (
  | { readonly action: 'insert'; readonly event: Json }
  | { readonly action: 'patch'; readonly eventId: string; readonly instance?: string; readonly body: Json }
  | { readonly action: 'delete'; readonly eventId: string; readonly instance?: string }
  | { readonly action: 'setZone'; readonly body: { readonly timeZone: string } }
  /** Also ends all sync tokens, as changes of access do. */
  | { readonly action: 'setRole'; readonly body: { readonly accessRole: AccessRole } }
);

/** How the server behaves where Google leaves it open. */
export interface Manners {
  /** How often a page is cut short or left empty, 0 to 1. Unless set: a quarter of the pages where there is more than one. */
  ragged?: number;
  /** The most notices that one change sends to a channel. */
  burst: number;
  /** Whether a client may write to a deleted event; otherwise 403. */
  revives: boolean;
  /** How long a grant lives, as for apps in testing (604,799); until revoked unless set. */
  grantSeconds?: number;
  /** Calls of one account in any minute, as Google's 600; beyond, 403 `rateLimitExceeded`. Without end unless set. */
  userPerMinute?: number;
  /** Whether the sync message comes before the watch's answer; a coin decides unless set. */
  syncFirst?: boolean;
}

export interface At {
  readonly account: string;
  readonly calendar: string;
}

export interface Controls {
  readonly manners: Manners;
  addClient(client: OauthClient): void;
  /** A new consent each time, also for an account that is known. */
  addAccount(input: AccountInput): NewAccount;
  /** A person who has consented to nothing yet: for the consent page. */
  addPerson(input: Pick<AccountInput, 'email' | 'calendars'>): { readonly account: string; readonly sub: string };
  /** Every token and code ever given out. */
  issued(): readonly string[];
  /** Gives back the event as it then stands. */
  human(act: HumanAct): Json;
  /** Thousands at once, with one notice. */
  insertMany(input: At & { readonly events: readonly Json[] }): string[];
  /** Loads an iCalendar file, all or nothing; throws IcsError. */
  load(input: At & { readonly ics: string }): { loaded: number };
  /** Every event, exception and deleted event, in full. */
  events(at: At): Json[];
  /** Every sync token given so far becomes a 410; of one calendar where named. */
  expireSyncTokens(at?: At): void;
  expireAccessTokens(account?: string): void;
  channels(): readonly Channel[];
  /** The channel lives on, and says nothing any more. */
  silence(channelId: string): void;
  /** As the person does on their Google account page. */
  revoke(account: string): void;
}

export interface ControlParts {
  readonly world: World;
  readonly credentials: Credentials;
  readonly channels: Channels;
  readonly writes: EventWrites;
  readonly manners: Manners;
  readonly codes: Codes<Account>;
}

export function createControls({ world, credentials, channels, writes, manners, codes }: ControlParts): Controls {
  const quiet = createEventWrites(world, () => undefined);
  const calendarOf = ({ account, calendar }: At): SimCalendar => world.calendarOf(account, calendar).calendar;
  return {
    manners,
    addClient: credentials.addClient,
    addAccount: (input) => addAccount(world, credentials, input),
    addPerson: ({ email, calendars }) => ({ account: email, sub: person(world, email, calendars).sub }),
    issued: () => [...credentials.issued, ...codes.issued],
    human: (act) => human(world.calendarOf(act.account, act.calendar), writes, act),
    insertMany: (input) => {
      const calendar = calendarOf(input);
      const ids = input.events.map((event) => quiet.insert({ calendar, human: true, revives: true }, event).id);
      channels.changed(calendar);
      return ids;
    },
    load: (input) => {
      const calendar = calendarOf(input);
      const loaded = importEvents(world, calendar, readIcs(input.ics, { defaultZone: calendar.zone, owner: calendar.owner }));
      channels.changed(calendar);
      return { loaded };
    },
    events: (at) => {
      const view = world.calendarOf(at.account, at.calendar);
      return [...view.calendar.store.records.values()].map((record) => truth(view, record));
    },
    expireSyncTokens: (at) => {
      for (const calendar of at === undefined ? world.calendars.values() : [calendarOf(at)]) calendar.tokenEpoch += 1;
    },
    expireAccessTokens: (account) => credentials.expireAccessTokens(account === undefined ? undefined : world.account(account)),
    channels: channels.live,
    silence: (channelId) => {
      const found = channels.live().find(({ id }) => id === channelId);
      if (found === undefined) throw new ControlError(`There is no channel ${channelId}.`);
      found.silent = true;
    },
    revoke: (account) => credentials.revoke(world.account(account)),
  };
}

function addAccount(world: World, credentials: Credentials, { email, calendars, clientId, scopes = usualScopes }: AccountInput): NewAccount {
  const client = credentials.client(clientId);
  if (client === undefined) throw new ControlError(`No client ${clientId ?? 'at all'}: add it first.`);
  const account = person(world, email, calendars);
  return { account: email, sub: account.sub, ...credentials.grant(account, client.clientId, scopes) };
}

function person(world: World, email: string, calendars: readonly CalendarInput[] | undefined): Account {
  if (typeof email !== 'string' || !email.includes('@')) throw new ControlError('An account needs an email.');
  return world.addAccount(email, calendars ?? [{ id: email, timeZone: 'UTC', primary: true }]);
}

const truth = (view: CalendarView, record: EventRecord): Json => eventView(record, { view, zone: view.calendar.zone, freeBusyOnly: false });

function human(view: CalendarView, writes: EventWrites, act: HumanAct): Json {
  const { calendar } = view;
  const writer = { calendar, human: true, revives: true };
  if (act.action === 'insert') return truth(view, writes.insert(writer, act.event));
  if (act.action === 'setZone') {
    if (!isZone(act.body.timeZone)) throw new ControlError(`"${act.body.timeZone}" is not an IANA time zone.`);
    calendar.zone = act.body.timeZone;
    return { id: calendar.id, timeZone: calendar.zone };
  }
  if (act.action === 'setRole') {
    if (!roles.includes(act.body.accessRole)) throw new ControlError(`accessRole is one of ${roles.join(', ')}.`);
    view.accessRole = act.body.accessRole;
    calendar.tokenEpoch += 1;
    return { id: calendar.id, accessRole: view.accessRole };
  }
  if (act.action !== 'patch' && act.action !== 'delete') throw new ControlError('action is insert, patch, delete, setZone or setRole.');
  const before = findEvent(calendar, act.instance === undefined ? act.eventId : instanceId(act.eventId, act.instance));
  return truth(view, act.action === 'patch' ? writes.patch(writer, before, act.body) : writes.remove(writer, before));
}
