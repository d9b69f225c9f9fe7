import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { anHour, startGraphCaller, weekly } from './graph-caller.ts';
import type { GraphCaller } from './graph-caller.ts';

describe('the Microsoft simulator, from outside', () => {
  let graph: GraphCaller;
  beforeEach(async () => {
    graph = await startGraphCaller();
  });
  afterEach(() => graph.sim.close());

  const sim = async (method: string, path: string, body?: object): Promise<{ status: number; body: Record<string, unknown> & Record<string, unknown>[] }> => {
    const response = await fetch(`${graph.sim.url}/_sim/${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> & Record<string, unknown>[] };
  };
  const account = 'pat@contoso.example';
  const human = async (act: object): Promise<Record<string, unknown>> => (await sim('POST', 'human', { account, ...act })).body;

  it('makes accounts with calendars and working tokens', async () => {
    const { status, body } = await sim('POST', 'accounts', { email: account, calendars: [{ id: 'a', name: 'A' }, { id: 'b', name: 'B', isDefault: true, timeZone: 'Asia/Tokyo' }] });
    expect([status, body['account']]).toEqual([201, account]);
    expect(body['calendars']).toMatchObject([{ id: 'a', isDefault: false }, { id: 'b', isDefault: true, timeZone: 'Asia/Tokyo' }]);
    const me = await graph.call('/me', { headers: { authorization: `Bearer ${String(body['accessToken'])}` } });
    expect(me.body['id']).toBe(body['oid']);
    await sim('POST', 'clients', { clientId: 'app', clientSecret: 'x' });
    const token = await fetch(`${graph.sim.loginUrl}/common/oauth2/v2.0/token`, { method: 'POST', body: new URLSearchParams({ client_id: 'app', client_secret: 'x', grant_type: 'refresh_token', refresh_token: String(body['refreshToken']) }) });
    expect(token.status).toBe(200);
    await sim('POST', 'revoke', { account });
    expect(await (await fetch(`${graph.sim.loginUrl}/common/oauth2/v2.0/token`, { method: 'POST', body: new URLSearchParams({ client_id: 'app', client_secret: 'x', grant_type: 'refresh_token', refresh_token: String(body['refreshToken']) }) })).json()).toMatchObject({ error: 'invalid_grant', error_codes: [50173] });
  });

  it('lets a person insert, move, cancel and delete, and shows the whole truth', async () => {
    await sim('POST', 'accounts', { email: account, calendars: [{ id: 'a', name: 'A' }, { id: 'b', name: 'B' }] });
    const series = await human({ calendar: 'b', action: 'insert', body: { subject: 'Weekly', ...anHour('2026-03-16T09:00:00'), recurrence: weekly('2026-03-16', 'monday') } });
    await human({ action: 'cancelInstance', eventId: series['id'], body: { originalStart: '2026-03-23' } });
    const moved = await human({ action: 'moveInstance', eventId: series['id'], body: { originalStart: '2026-03-30T09:00:00', ...anHour('2026-03-31T09:00:00') } });
    expect(moved).toMatchObject({ type: 'exception', subject: 'Weekly', seriesMasterId: series['id'] });
    expect((await sim('GET', `events?account=${account}&calendar=b`)).body).toMatchObject([{ type: 'seriesMaster', cancelledOccurrences: ['20260323'], rules: [expect.stringContaining('FREQ=WEEKLY')] }, { type: 'exception', id: moved['id'] }]);
    await human({ action: 'delete', eventId: series['id'] });
    expect((await sim('GET', `events?account=${account}`)).body).toEqual([]);
  });

  it('lets a person write what no app may: a legacy zone, a cancelled meeting, an end before the start', async () => {
    await sim('POST', 'accounts', { email: account });
    const event = await human({ action: 'insert', body: { ...anHour('2026-03-16T09:00:00', 'Europe/Amsterdam'), end: { dateTime: '2026-03-16T08:00:00', timeZone: 'Europe/Amsterdam' }, originalStartTimeZone: 'tzone://Microsoft/Custom', isCancelled: true } });
    expect(event).toMatchObject({ originalStartTimeZone: 'tzone://Microsoft/Custom', isCancelled: true, end: { dateTime: '2026-03-16T07:00:00.0000000' } });
  });

  it('changes its behaviour and the weather of its notices', async () => {
    expect((await sim('PATCH', 'behaviour', { emptyPages: 1 })).body['emptyPages']).toBe(1);
    expect((await sim('PATCH', 'behaviour', { mercy: true })).status).toBe(400);
    await sim('POST', 'notices/weather', { drop: 1 });
    expect([graph.sim.behaviour.emptyPages, graph.sim.notices.weather.drop]).toEqual([1, 1]);
  });

  it('says what it cannot do', async () => {
    expect((await sim('POST', 'human', { account: 'nobody', action: 'insert' })).status).toBe(404);
    expect((await sim('POST', 'lifecycle', { account: 'dana@contoso.example', event: 'bored' })).status).toBe(400);
    expect((await sim('GET', 'weather')).status).toBe(404);
  });
});
