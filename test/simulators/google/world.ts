// Everything that the simulated Google knows: people, their calendars, and who may see which.
import type { Clock, Random } from '../../../lib/platform/clock.ts';
import { isZone } from '../zones.ts';
import { createEventStore } from './event-store.ts';
import type { EventStore } from './event-store.ts';

export const roles = ['freeBusyReader', 'reader', 'writerWithoutPrivateAccess', 'writer', 'owner'] as const;
export type AccessRole = (typeof roles)[number];

export interface CalendarInput {
  readonly id: string;
  readonly timeZone: string;
  readonly summary?: string;
  readonly primary?: boolean;
  /** As holidays and other calendars that refuse to be watched. */
  readonly unwatchable?: boolean;
  readonly accessRole?: AccessRole;
  /** The calendar belongs to another account already: this one sees it too. */
  readonly shared?: boolean;
}

/** One calendar, whoever looks at it. */
export interface SimCalendar {
  readonly id: string;
  readonly resourceId: string;
  readonly summary: string;
  zone: string;
  readonly unwatchable: boolean;
  readonly owner: string;
  readonly store: EventStore;
  /** Sync tokens of an older epoch are gone. */
  tokenEpoch: number;
}

export interface CalendarView {
  readonly calendar: SimCalendar;
  accessRole: AccessRole;
  readonly primary: boolean;
}

export interface Account {
  readonly email: string;
  readonly sub: string;
  readonly views: Map<string, CalendarView>;
}

/** A mistake of whoever drives the simulator; control routes answer 400 with its message. */
export class ControlError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ControlError';
  }
}

export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly accounts: Map<string, Account>;
  readonly calendars: Map<string, SimCalendar>;
  /** Creates the account, or adds to it what it lacks. */
  addAccount(email: string, calendars: readonly CalendarInput[]): Account;
  account(email: string): Account;
  /** The calendar as the account sees it; `primary` is its own. */
  view(account: Account, calendarId: string): CalendarView | undefined;
  /** The same for control routes: unknown names are mistakes. */
  calendarOf(email: string, calendarId: string): CalendarView;
  /** So many characters of the alphabet, random but for a count at the end, so that no two are ever the same. */
  id(length: number, alphabet?: string): string;
}

function idMaker(random: Random): World['id'] {
  let made = 0;
  return (length, alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ') => {
    const count = (made += 1).toString(Math.min(alphabet.length, 36));
    return Array.from({ length: length - count.length }, () => alphabet.charAt(Math.floor(random() * alphabet.length))).join('') + count;
  };
}

export function createWorld(clock: Clock, random: Random): World {
  const accounts = new Map<string, Account>();
  const calendars = new Map<string, SimCalendar>();
  const id = idMaker(random);

  const addCalendar = (account: Account, input: CalendarInput): void => {
    if (account.views.has(input.id)) return;
    const known = calendars.get(input.id);
    if (known !== undefined && input.shared !== true) throw new ControlError(`Calendar ${input.id} belongs to ${known.owner}; say shared: true to let ${account.email} see it.`);
    if (!isZone(input.timeZone)) throw new ControlError(`"${input.timeZone}" is not an IANA time zone.`);
    if (input.accessRole !== undefined && !roles.includes(input.accessRole)) throw new ControlError(`accessRole is one of ${roles.join(', ')}.`);
    const calendar = known ?? {
      id: input.id, resourceId: id(27), summary: input.summary ?? input.id, zone: input.timeZone, unwatchable: input.unwatchable ?? false,
      owner: account.email, store: createEventStore(clock), tokenEpoch: 0,
    };
    calendars.set(input.id, calendar);
    account.views.set(input.id, { calendar, accessRole: input.accessRole ?? (known === undefined ? 'owner' : 'reader'), primary: input.primary ?? input.id === account.email });
  };
  const account: World['account'] = (email) => {
    const found = accounts.get(email);
    if (found === undefined) throw new ControlError(`No account ${email}.`);
    return found;
  };
  const view: World['view'] = (of, calendarId) => (calendarId === 'primary' ? [...of.views.values()].find((each) => each.primary) : of.views.get(calendarId));

  return {
    clock, random, accounts, calendars, id, account, view,
    addAccount: (email, wanted) => {
      const found = accounts.get(email) ?? { email, sub: id(21, '0123456789'), views: new Map<string, CalendarView>() };
      accounts.set(email, found);
      for (const input of wanted) addCalendar(found, input);
      return found;
    },
    calendarOf: (email, calendarId) => {
      const found = view(account(email), calendarId);
      if (found === undefined) throw new ControlError(`${email} has no calendar ${calendarId}.`);
      return found;
    },
  };
}
