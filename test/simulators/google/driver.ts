// A simulator with one account, and plain fetch to talk to it: what the tests of the quirks have in common.
import type { GoogleSimulator, GoogleSimulatorOptions, NewAccount } from './simulator.ts';
import { startGoogleSimulator } from './simulator.ts';

export interface ShownEvent {
  readonly id: string;
  readonly status: string;
  readonly etag: string;
  readonly start: { readonly date?: string; readonly dateTime?: string; readonly timeZone?: string };
  readonly end: { readonly date?: string; readonly dateTime?: string; readonly timeZone?: string };
  readonly [field: string]: unknown;
}

/** Any answer; what it lacks is undefined. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: { readonly [field: string]: unknown };
  readonly event: ShownEvent;
  readonly items: readonly ShownEvent[];
  readonly ids: readonly string[];
  readonly nextPageToken: string | undefined;
  readonly nextSyncToken: string | undefined;
  /** error.errors[0].reason */
  readonly reason: string | undefined;
}

export interface Asked {
  readonly query?: Record<string, string | readonly string[]>;
  readonly body?: object;
  readonly headers?: Record<string, string>;
  readonly token?: string;
}

export interface Driver {
  readonly sim: GoogleSimulator;
  readonly account: NewAccount;
  readonly at: { readonly account: string; readonly calendar: string };
  /** Milliseconds that the simulator's clock shows. */
  now: number;
  /** Under /calendar/v3; `events` alone stands for those of the primary calendar. */
  call(method: string, path: string, asked?: Asked): Promise<Answer>;
  /** All pages of a list or delta. */
  all(query: Record<string, string>): Promise<{ readonly items: readonly ShownEvent[]; readonly pages: number; readonly nextSyncToken: string }>;
  close(): Promise<void>;
}

export const dana = 'dana@example.com';

/** Monday, 2 March 2026, in a zone whose clocks change on 29 March. */
export async function startDriver(options: GoogleSimulatorOptions = {}, zone = 'Europe/Berlin'): Promise<Driver> {
  const driver = { now: Date.parse('2026-03-02T08:00:00Z') } as { -readonly [K in keyof Driver]: Driver[K] };
  driver.sim = await startGoogleSimulator({ clock: () => driver.now, retryMs: 5, ...options });
  driver.account = driver.sim.addAccount({ email: dana, calendars: [{ id: dana, timeZone: zone, primary: true }] });
  driver.at = { account: dana, calendar: dana };
  driver.call = (method, path, asked = {}) => call(driver.sim.url, driver.account.accessToken, { method, path, ...asked });
  driver.all = (query) => all(driver, query);
  driver.close = () => driver.sim.close();
  return driver;
}

async function call(url: string, token: string, asked: Asked & { method: string; path: string }): Promise<Answer> {
  const query = new URLSearchParams(Object.entries(asked.query ?? {}).flatMap(([name, value]) => [value].flat().map((each) => [name, each] as [string, string])));
  const path = asked.path.startsWith('events') ? `/calendars/primary/${asked.path}` : asked.path;
  const response = await fetch(`${url}/calendar/v3${path}?${query.toString()}`, {
    method: asked.method,
    headers: { authorization: `Bearer ${asked.token ?? token}`, ...(asked.body === undefined ? {} : { 'content-type': 'application/json' }), ...asked.headers },
    ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
  });
  return answerOf(response, await response.text());
}

function answerOf(response: Response, text: string): Answer {
  const body = (text.startsWith('{') ? JSON.parse(text) : {}) as { readonly [field: string]: unknown };
  const items = (body['items'] ?? []) as ShownEvent[];
  const failure = body['error'] as { errors?: { reason: string }[] } | undefined;
  return {
    status: response.status, headers: response.headers, text, body, items,
    event: body as ShownEvent,
    ids: items.map(({ id }) => id),
    nextPageToken: body['nextPageToken'] as string | undefined,
    nextSyncToken: body['nextSyncToken'] as string | undefined,
    reason: failure?.errors?.[0]?.reason,
  };
}

async function all({ call: ask }: Pick<Driver, 'call'>, query: Record<string, string>): ReturnType<Driver['all']> {
  const items: ShownEvent[] = [];
  let pageToken: string | undefined;
  for (let pages = 1; pages < 1000; pages += 1) {
    const answer = await ask('GET', 'events', { query: { ...query, ...(pageToken === undefined ? {} : { pageToken }) } });
    if (answer.status !== 200) throw new Error(`events.list answered ${answer.status}: ${answer.text}`);
    items.push(...answer.items);
    pageToken = answer.nextPageToken;
    if (pageToken === undefined) return { items, pages, nextSyncToken: answer.nextSyncToken ?? '' };
  }
  throw new Error('events.list never ended');
}

/** An hour on a day of March 2026, UTC. */
export const hour = (day: number, at = 9): { start: object; end: object } => {
  const time = (h: number): object => ({ dateTime: new Date(Date.UTC(2026, 2, day, h)).toISOString() });
  return { start: time(at), end: time(at + 1) };
};

/** Every Monday at 9 in Berlin, from 2 March 2026. */
export const weekly = {
  summary: 'Team', recurrence: ['RRULE:FREQ=WEEKLY;BYDAY=MO'],
  start: { dateTime: '2026-03-02T09:00:00', timeZone: 'Europe/Berlin' }, end: { dateTime: '2026-03-02T10:00:00', timeZone: 'Europe/Berlin' },
};
