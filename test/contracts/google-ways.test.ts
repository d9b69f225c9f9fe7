// What only Google does, against its simulator.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { calendarKey } from '../../lib/calendars/calendar-key.ts';
import { refreshGoogle } from '../../lib/calendars/google/oauth.ts';
import { openGoogle } from '../../lib/calendars/google/open-google.ts';
import type { Calendars } from '../../lib/calendars/port.ts';
import { days, hours, minutes } from '../../lib/platform/clock.ts';
import { defaultClient, startGoogleSimulator } from '../simulators/google/simulator.ts';
import type { GoogleSimulator, NewAccount } from '../simulators/google/simulator.ts';
import { overlay, startsOf } from './overlay.ts';

const now = Date.parse('2026-03-27T09:00:00Z');
const email = 'ada@example.com';
const holidays = 'holidays@example.com';
const here = { account: email, calendar: email };
const calendar = { id: email, key: calendarKey(email) };
const window = { from: now - days(1), to: now + days(40) };
const identity = { connectionId: 'c-1', calendarId: email, bookingId: 'b-1', generation: 0 };
const iso = (at: number): string => new Date(at).toISOString();
const wish = (atHour: number) => ({ title: 'Haircut', start: iso(now + hours(atHour)), end: iso(now + hours(atHour + 1)), zone: 'Europe/Berlin', version: 1 });

let sim: GoogleSimulator;
let account: NewAccount;
let calendars: Calendars;

beforeEach(async () => {
  sim = await startGoogleSimulator({ clock: () => now, pageSize: 3 });
  account = sim.addAccount({ email, calendars: [{ id: email, timeZone: 'Europe/Berlin', primary: true }, { id: holidays, timeZone: 'UTC', unwatchable: true, accessRole: 'reader' }] });
  const token = (): Promise<string> => Promise.resolve(account.accessToken);
  calendars = openGoogle({ apiUrl: `${sim.url}/`, clock: () => now })({ connectionId: 'c-1', token, permit: () => Promise.resolve(), endsAt: now + minutes(5) });
});
afterEach(() => sim.close());

const insert = (event: Record<string, unknown>): string => String(sim.human({ ...here, action: 'insert', event })['id']);
const list = () => overlay(calendars.everything(calendar, window));

async function created(): Promise<string> {
  const answer = await calendars.create(calendar, identity, wish(1));
  return answer.outcome === 'created' ? answer.event.id : 'taken';
}

it('mails nobody about an event of ours', async () => {
  const id = await created();
  await calendars.update(calendar, id, identity, wish(3));
  await calendars.remove(calendar, id);
  const writes = sim.requests.filter(({ method }) => method !== 'GET');
  expect(writes.map(({ method, query }) => [method, new URLSearchParams(query).get('sendUpdates')])).toEqual([['POST', 'none'], ['PATCH', 'none'], ['DELETE', 'none']]);
});

describe('a series at Google', () => {
  const weekly = { start: { dateTime: '2026-03-27T11:00:00+01:00', timeZone: 'Europe/Berlin' }, end: { dateTime: '2026-03-27T12:00:00+01:00', timeZone: 'Europe/Berlin' } };
  const starts = ['2026-03-27T10:00:00Z', '2026-04-03T09:00:00Z', '2026-04-10T09:00:00Z'].map((text) => Date.parse(text));

  it('loses the one instance that a person deleted, and moves the one that they moved', async () => {
    const series = insert({ summary: 'Team', ...weekly, recurrence: ['RRULE:FREQ=WEEKLY;COUNT=3'] });
    const before = await list();
    expect(startsOf(before)).toEqual(starts);
    sim.human({ ...here, action: 'delete', eventId: series, instance: '2026-04-03T09:00:00Z' });
    const body = { start: { dateTime: '2026-04-11T08:00:00Z' }, end: { dateTime: '2026-04-11T09:00:00Z' } };
    sim.human({ ...here, action: 'patch', eventId: series, instance: '2026-04-10T09:00:00Z', body });
    const after = await overlay(calendars.changes(calendar, before.cursor, window), before);
    expect(startsOf(after)).toEqual([starts[0], Date.parse('2026-04-11T08:00:00Z')]);
    expect(startsOf(await list())).toEqual(startsOf(after));
  });

  it('without an end comes to an end in a delta too', async () => {
    const { cursor } = await list();
    insert({ summary: 'Team', ...weekly, recurrence: ['RRULE:FREQ=WEEKLY'] });
    const delta = await overlay(calendars.changes(calendar, cursor, window));
    expect(delta.items.size).toBeGreaterThan(6);
    expect(delta.cursor).toMatch(/^g1:/);
  });
});

describe('a calendar at Google', () => {
  it('tells its zone with each page, and a change of it', async () => {
    insert({ start: { date: '2026-03-28' }, end: { date: '2026-03-29' } });
    const before = await list();
    expect(before.pages.map(({ zone }) => zone)).toEqual(before.pages.map(() => 'Europe/Berlin'));
    sim.human({ ...here, action: 'setZone', body: { timeZone: 'Asia/Tokyo' } });
    const after = await overlay(calendars.changes(calendar, before.cursor, window));
    expect(after.pages.at(-1)?.zone).toBe('Asia/Tokyo');
    expect(startsOf(await list())).toEqual([Date.parse('2026-03-27T15:00:00Z')]);
  });

  it('that refuses to be watched is unwatchable, and takes no writes of a mere reader', async () => {
    const other = { id: holidays, key: calendarKey(holidays) };
    const request = { id: 'channel-1', secret: 's', address: 'http://127.0.0.1:9/', expiresAt: now + days(1) };
    await expect(calendars.watch(other, request)).rejects.toMatchObject({ kind: 'unwatchable' });
    await expect(calendars.create(other, { ...identity, calendarId: holidays }, wish(1))).rejects.toMatchObject({ kind: 'unreadable', status: 403 });
    expect((await calendars.list()).find(({ id }) => id === holidays)).toMatchObject({ writable: false });
  });
});

describe('an event of ours at Google', () => {
  it('stays marked in a list, and so does a copy of it under another id', async () => {
    const id = await created();
    const [original] = sim.events(here);
    insert({ summary: 'Copy', start: original?.['start'], end: original?.['end'], extendedProperties: original?.['extendedProperties'] });
    const { items } = await list();
    expect(items.get(id)?.ours).toEqual({ bookingId: 'b-1', generation: 0, version: 1 });
    expect([...items.values()].filter(({ ours }) => ours?.bookingId === 'b-1')).toHaveLength(2);
    expect(calendars.predictedId(identity)).toBe(id);
  });

  it('that a person made all-day gets its hours back', async () => {
    const id = await created();
    sim.human({ ...here, action: 'patch', eventId: id, body: { start: { date: '2026-03-28', dateTime: null, timeZone: null }, end: { date: '2026-03-29', dateTime: null, timeZone: null } } });
    expect(await calendars.read(calendar, id)).toMatchObject({ cancelled: false });
    expect(await calendars.update(calendar, id, identity, wish(5))).toMatchObject({ outcome: 'updated' });
    expect(await calendars.read(calendar, id)).toMatchObject({ start: now + hours(5), end: now + hours(6) });
  });

  it('keeps what a person added to it', async () => {
    const id = await created();
    sim.human({ ...here, action: 'patch', eventId: id, body: { colorId: '7', extendedProperties: { private: { theirs: 'x' } } } });
    await calendars.update(calendar, id, identity, wish(5));
    expect(sim.events(here)[0]).toMatchObject({ colorId: '7', extendedProperties: { private: { theirs: 'x', calendarSyncBooking: 'b-1' } } });
  });

  it.each([true, false])('is gone once deleted, whether Google takes a patch of it (%s) or not', async (revives) => {
    const id = await created();
    sim.human({ ...here, action: 'delete', eventId: id });
    sim.manners.revives = revives;
    expect(await calendars.update(calendar, id, identity, wish(5))).toEqual({ outcome: 'gone' });
    expect(await calendars.create(calendar, identity, wish(1))).toEqual({ outcome: 'exists', eventId: id });
    expect(await calendars.find(calendar, identity)).toMatchObject({ id, cancelled: true });
    expect(await calendars.create(calendar, { ...identity, generation: 1 }, wish(1))).toMatchObject({ outcome: 'created' });
  });
});

describe('a grant at Google', () => {
  const refresh = (change: object = {}) =>
    refreshGoogle({ tokenUrl: `${sim.oauthUrl}/token`, ...defaultClient, refreshToken: account.refreshToken, clock: () => now, signal: AbortSignal.timeout(5_000), ...change });

  it('gives a token that works', async () => {
    const fresh = await refresh();
    expect(fresh.expiresAt).toBeGreaterThan(now);
    account = { ...account, accessToken: fresh.accessToken };
    expect((await list()).items.size).toBe(0);
  });

  it('is dead once revoked, but not for a client secret of ours that is wrong', async () => {
    await expect(refresh({ clientSecret: 'wrong' })).rejects.toMatchObject({ kind: 'misconfigured' });
    sim.revoke(email);
    await expect(refresh()).rejects.toMatchObject({ kind: 'grant_dead', reason: 'invalid_grant' });
  });
});
