// What a test, or the local run, does to the simulated world from outside. The same by call and over /_sim.
import { isZone } from '../zones.ts';
import type { ChangeNotices, LifecycleEvent } from './change-notices.ts';
import { lifecycleEvents } from './change-notices.ts';
import type { Entra } from './entra.ts';
import type { EventJson } from './event-json.ts';
import { guid, hexDigits } from './guid.ts';
import { actAsHuman, mailboxOf, wholeTruth } from './human-acts.ts';
import type { HumanAct } from './human-acts.ts';
import { loadIcs } from './load-ics.ts';
import { createMailbox } from './mailbox.ts';
import type { SimCalendar } from './mailbox.ts';
import { describe } from './subscriptions.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { World } from './world.ts';

export interface CalendarInput {
  readonly id?: string;
  readonly name: string;
  readonly isDefault?: boolean;
  readonly canEdit?: boolean;
  /** Another person's address: it is theirs, and they shared it. */
  readonly sharedBy?: string;
  /** IANA; UTC where absent. */
  readonly timeZone?: string;
}

export interface AccountInput {
  readonly email: string;
  readonly calendars?: readonly CalendarInput[];
  readonly tid?: string;
  readonly oid?: string;
  /** Default: Calendars.ReadWrite and User.Read. */
  readonly scopes?: readonly string[];
  /** The only client that may use its tokens. */
  readonly clientId?: string;
}

export interface Account {
  readonly account: string;
  readonly tid: string;
  readonly oid: string;
  readonly refreshToken: string;
  readonly accessToken: string;
  readonly expiresAt: number;
  readonly calendars: readonly SimCalendar[];
}

export interface ControlActs {
  addAccount(input: AccountInput): Account;
  addClient(client: { clientId: string; clientSecret: string; redirectUris?: readonly string[] }): void;
  /** Every token and code ever given out. */
  issued(): readonly string[];
  human(act: HumanAct): EventJson;
  /** How many events and series the file had. Throws, with nothing loaded, for a file that cannot be read. */
  load(input: { account: string; calendar?: string; ics: string }): number;
  events(account: string, calendar?: string): EventJson[];
  /** Kills the delta tokens given out so far, of one account or of all. */
  expireDeltaTokens(account?: string): void;
  /** To all subscriptions of the account; `subscriptionRemoved` also removes them. */
  lifecycle(account: string, event: LifecycleEvent): void;
  subscriptions(account?: string): Record<string, unknown>[];
  /** The subscription lives on, and says nothing any more. */
  silence(subscriptionId: string): void;
  /** Access tokens only, of one account or of all: the next call with one is a 401. */
  expireAccessTokens(account?: string): void;
  /** The person consents again: new tokens, also after `revoke`. */
  consent(account: string): Pick<Account, 'refreshToken' | 'accessToken' | 'expiresAt'>;
  /** Refreshing fails with invalid_grant and this AADSTS code (50173 unless said). */
  revoke(account: string, how?: { code?: number; accessTokensToo?: boolean }): void;
}

interface Parts {
  readonly world: World;
  readonly entra: Entra;
  readonly subscriptions: Subscriptions;
  readonly changes: ChangeNotices;
}

export function controlActs({ world, entra, subscriptions, changes }: Parts): ControlActs {
  return {
    addAccount: (input) => addAccount({ world, entra, changes }, input),
    addClient: ({ clientId, clientSecret, redirectUris = [] }) => {
      entra.clients.set(clientId, clientSecret);
      entra.redirects.set(clientId, redirectUris);
    },
    issued: () => [...entra.issued, ...entra.codes.issued],
    human: (act) => actAsHuman(world, act),
    load: ({ account, calendar, ics }) => {
      const mailbox = mailboxOf(world, account);
      const into = calendar === undefined ? mailbox.defaultCalendar() : mailbox.calendars.get(calendar);
      if (into === undefined) throw new Error(`${account} has no calendar ${String(calendar)}.`);
      return loadIcs(world, { mailbox, calendar: into }, ics);
    },
    events: (account, calendar) => wholeTruth(mailboxOf(world, account), calendar),
    expireDeltaTokens: (account) => {
      const dying = account === undefined ? [...world.mailboxes.values()] : [mailboxOf(world, account)];
      for (const mailbox of dying) mailbox.tokenGeneration += 1;
    },
    lifecycle: (account, event) => {
      if (!lifecycleEvents.includes(event)) throw new Error(`There is no lifecycle event ${String(event)}.`);
      const mailbox = mailboxOf(world, account);
      for (const subscription of subscriptions.alive().filter((each) => each.mailbox === mailbox)) {
        if (event === 'subscriptionRemoved') subscriptions.remove(subscription.id);
        changes.lifecycle(subscription, event);
      }
    },
    silence: (subscriptionId) => {
      const found = subscriptions.alive().find(({ id }) => id === subscriptionId);
      if (found === undefined) throw new Error(`There is no subscription ${subscriptionId}.`);
      found.silent = true;
    },
    subscriptions: (account) => {
      const mailbox = account === undefined ? undefined : mailboxOf(world, account);
      return subscriptions.alive().filter((each) => mailbox === undefined || each.mailbox === mailbox).map((each) => ({ account: each.mailbox.email, ...describe(each) }));
    },
    expireAccessTokens: (account) => entra.expireAccessTokens(account === undefined ? undefined : mailboxOf(world, account)),
    consent: (account) => {
      const grant = { mailbox: mailboxOf(world, account) };
      return { refreshToken: entra.newRefreshToken(grant), ...entra.newAccessToken(grant) };
    },
    revoke: (account, how = {}) => entra.revoke(mailboxOf(world, account), { code: how.code ?? 50173, accessTokensToo: how.accessTokensToo ?? false }),
  };
}

function addAccount({ world, entra, changes }: Omit<Parts, 'subscriptions'>, input: AccountInput): Account {
  if (world.mailboxes.has(input.email)) throw new Error(`There is an account ${input.email} already.`);
  const given = input.calendars ?? [{ name: 'Calendar' }];
  const calendars = given.map((calendar, index) => calendarOf(world, calendar, calendar.isDefault ?? (index === 0 && !given.some((each) => each.isDefault === true))));
  const mailbox = createMailbox({
    email: input.email,
    tid: input.tid ?? guid(world.random),
    oid: input.oid ?? guid(world.random),
    scopes: input.scopes ?? ['Calendars.ReadWrite', 'User.Read'],
    calendars,
    clock: world.clock,
    onChange: changes.changed,
  });
  world.mailboxes.set(input.email, mailbox);
  const grant = { mailbox, ...(input.clientId === undefined ? {} : { clientId: input.clientId }) };
  return { account: input.email, tid: mailbox.tid, oid: mailbox.oid, refreshToken: entra.newRefreshToken(grant), ...entra.newAccessToken(grant), calendars };
}

function calendarOf(world: World, input: CalendarInput, isDefault: boolean): SimCalendar {
  const timeZone = input.timeZone ?? 'UTC';
  if (!isZone(timeZone)) throw new Error(`${timeZone} is not an IANA time zone.`);
  const id = input.id ?? `AAMkAD${Buffer.from(hexDigits(world.random, 60)).toString('base64url')}AAA=`;
  return { id, name: input.name, isDefault, canEdit: input.canEdit ?? true, timeZone, ...(input.sharedBy !== undefined && { sharedBy: input.sharedBy }) };
}
