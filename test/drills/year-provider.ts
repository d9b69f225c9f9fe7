// Calendar providers of a simulated year, behind the port and in memory: what is read, which watches live, and what they post. Google's
// channels greet and cannot be renewed; Graph bears one subscription, which can; of either an answer may be lost, or it may fall silent.
import { CalendarError, type CalendarProvider, type CalendarRef, type Calendars, type Page, type Session, type Watch, type WatchRequest, type Window } from '../../lib/calendars/port.ts';
import type { Grant, RefreshGrant } from '../../lib/connect/oauth-clients.ts';
import { days, hours, type Clock, type Random } from '../../lib/platform/clock.ts';

export interface LiveWatch extends Watch {
  readonly provider: CalendarProvider;
  readonly connectionId: string;
  readonly secret: string;
  expiresAt: number;
  silent: boolean;
  /** Google's message number. */
  number: number;
}

interface Change {
  readonly id: string;
  readonly start: number;
  readonly at: number;
}

export interface YearAccount {
  readonly provider: CalendarProvider;
  readonly connectionId: string;
  readonly changes: Change[];
  /** How many of the changes the last reads gave out. */
  given: number;
  revoked: boolean;
  calls: number;
  /** Complete lists among the calls. */
  lists: number;
  /** How often its tokens were renewed. */
  refreshes: number;
}

export interface YearProvider {
  readonly accounts: Map<string, YearAccount>;
  readonly watches: Map<string, LiveWatch>;
  /** Which live watches tell of a change of this account now. */
  tellers(account: YearAccount): LiveWatch[];
  open(account: YearAccount, token: Session['token']): Calendars;
  /** As the token endpoint: Microsoft gives another refresh token each time, Google none. */
  refresh: RefreshGrant;
  /** As a consent gives it. */
  grant(account: YearAccount): Grant;
}

interface Weather {
  readonly clock: Clock;
  readonly random: Random;
  /** Share of new watches whose answer is lost. */
  readonly lostAnswers: number;
  /** A notice is on its way. */
  readonly post: (watch: LiveWatch, kind: 'sync' | 'change') => void;
}

const eventLength = hours(1);

export function yearProvider(weather: Weather): YearProvider {
  const { clock, random } = weather;
  const accounts = new Map<string, YearAccount>();
  const watches = new Map<string, LiveWatch>();
  const live = (account: YearAccount): LiveWatch[] => [...watches.values()].filter((watch) => watch.connectionId === account.connectionId && alive(watch));
  const alive = (watch: LiveWatch): boolean => {
    if (watch.expiresAt > clock()) return true;
    watches.delete(watch.id);
    return false;
  };
  let made = 0;
  const make = (account: YearAccount, { id, secret, expiresAt }: WatchRequest): LiveWatch => {
    const google = account.provider === 'google';
    // Not what was asked: whole seconds, and at times much less.
    const life = random() < 0.05 ? days(1) : days(7);
    const watch: LiveWatch = {
      id: google ? id : `subscription-${(made += 1)}`, provider: account.provider, connectionId: account.connectionId, secret, silent: false, number: 0,
      expiresAt: Math.floor(Math.min(expiresAt, clock() + life) / 1000) * 1000, ...(google && { resourceId: `resource-of-${account.connectionId}` }),
    };
    watches.set(watch.id, watch);
    return watch;
  };

  const open = (account: YearAccount, token: Session['token']): Calendars => {
    const call = async (): Promise<void> => {
      account.calls += 1;
      await token();
      if (account.revoked) throw new CalendarError('grant_dead', { reason: 'invalid_grant' });
    };
    const page = (changes: readonly Change[]): Page => {
      account.given = account.changes.length;
      return { items: changes.map(({ id, start }) => ({ kind: 'present', id, start, end: start + eventLength, blocks: true })), cursor: String(account.given) };
    };
    const unused = (): never => {
      throw new Error('The year writes no events.');
    };
    return {
      async *everything(_calendar: CalendarRef, window: Window) {
        await call();
        account.lists += 1;
        yield page(account.changes.filter(({ start }) => start < window.to && start + eventLength > window.from));
      },
      async *changes(_calendar: CalendarRef, cursor: string) {
        await call();
        yield page(account.changes.slice(Number(cursor)));
      },
      async watch(_calendar, request) {
        await call();
        if (account.provider === 'microsoft' && live(account).length > 0) throw new CalendarError('watch_exists', { status: 409 });
        const watch = make(account, request);
        if (account.provider === 'google') weather.post(watch, 'sync');
        if (random() < weather.lostAnswers) throw new CalendarError('unavailable', { reason: 'ECONNRESET' });
        return watch;
      },
      async renew({ id }, expiresAt) {
        await call();
        const watch = watches.get(id);
        if (account.provider === 'google') return undefined;
        if (!watch || !alive(watch)) return 'gone';
        watch.expiresAt = Math.floor(Math.min(expiresAt, clock() + days(7)) / 1000) * 1000;
        return watch;
      },
      async stop({ id }) {
        await call();
        watches.delete(id);
      },
      async listWatches() {
        await call();
        return account.provider === 'google' ? undefined : live(account);
      },
      predictedId: () => undefined,
      wrote: () => false,
      read: unused, find: unused, create: unused, update: unused, remove: unused, list: unused,
    };
  };
  const named = (account: YearAccount): string => `${account.connectionId}/${account.refreshes}`;
  const grant = (account: YearAccount): Grant => ({ access_token: `access-${named(account)}`, refresh_token: `refresh-${named(account)}`, expires_at: clock() + hours(1) });
  const refresh: RefreshGrant = async (provider, before) => {
    const account = accounts.get(/^refresh-(.+)\/\d+$/.exec(before.refresh_token)?.[1] ?? '');
    if (!account || account.revoked) throw new CalendarError('grant_dead', { reason: 'invalid_grant' });
    account.refreshes += 1;
    const fresh = grant(account);
    return provider === 'google' ? { ...fresh, refresh_token: before.refresh_token } : fresh;
  };
  return { accounts, watches, open, refresh, grant, tellers: (account) => live(account).filter(({ silent }) => !silent) };
}
