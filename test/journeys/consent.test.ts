import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DeleteItemCommand, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../infra/local/synthesis.ts';
import { startKey } from '../../lib/connect/consent-starts.ts';
import { days, minutes, seconds } from '../../lib/platform/clock.ts';
import { Setting } from '../../lib/platform/names.ts';
import type { LoggedRequest } from '../simulators/simulator-server.ts';
import { browser } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { facts } from '../support/facts.ts';
import { becomesBusy, hour } from '../support/journey.ts';
import { secretsIn, secretsOf, writtenBy } from '../support/leaks.ts';
import { newcomer, platformReturn, type Newcomer } from '../support/newcomer.ts';
import { sendJson } from '../support/send-json.ts';
import { timePasses } from '../support/time-passes.ts';
import { withSandbox } from '../support/with-sandbox.ts';

const clock = 10;
const run = withSandbox({ clock });
const told = facts(run);
const both = ['google', 'microsoft'] as const;
type Provider = (typeof both)[number];

const somebody = (provider: Provider): Promise<Newcomer> => newcomer(run().platform, provider);
const root = (provider: Provider): string => run().platform.outputs.simulators[provider === 'google' ? 'google' : 'graph'];
const control = (provider: Provider, path: string, body: object, method = 'POST') => sendJson(root(provider), method, `/_sim/${path}`, body);
const request = (method: string, path: string) => sendJson(run().platform.outputs.apiUrl, method, path);
const stateOf = async (connectionId: string): Promise<unknown> => (await request('GET', `/v1/connections/${connectionId}`)).body['state'];
const syncNow = async (connectionId: string): Promise<unknown> => (await run().platform.post('/v1/sync/inbound', { connection_id: connectionId })).body['outcome'];
const connectionsOf = async ({ providerId }: Newcomer): Promise<unknown[]> => (await request('GET', `/v1/providers/${providerId}/connections`)).body['connections'] as unknown[];
const died = 'connection.reauthorization_required';

/** No function goes by older settings than of 30 s ago. */
async function known(): Promise<void> {
  const until = run().sandbox.clock.now() + seconds(35);
  await eventually('the settings are known to everybody', () => run().sandbox.clock.now() > until);
}
const read = (providerId: string): Promise<unknown> => eventually('the first read', async () => (await run().platform.busy(providerId, hour(5).start, hour(5).end)).bookable);
/** As if its hour were over. */
const tokensEnd = (provider: Provider, account: string) => control(provider, 'access-tokens/expire', { account });

describe.each(both)('a professional at %s', (provider) => {
  it('who denies is not connected; who agrees is, with a watch and a first read', async () => {
    const { platform } = run();
    const ada = await somebody(provider);
    const { agrees, someone, providerId } = ada;
    expect(await agrees({ decide: 'deny' })).toEqual({ result: 'denied', reason: 'denied' });
    expect(await connectionsOf(ada)).toEqual([]);
    await someone.add('Dentist', hour(1));
    const { result, connection_id: id = '' } = await agrees();
    expect(result).toBe('connected');
    await becomesBusy(platform, providerId, { within: { start: hour(0).start, end: hour(4).end }, at: [hour(1)] });
    expect((await sendJson(platform.outputs.apiUrl, 'GET', `/v1/connections/${id}`)).body).toMatchObject({ state: 'active', zone: 'Europe/Berlin', watches: [{ id: expect.any(String) }], warnings: [] });
    await someone.add('Lunch', hour(2));
    await becomesBusy(platform, providerId, { within: { start: hour(0).start, end: hour(4).end }, at: [hour(1), hour(2)] });
  });

  it('whose answer was changed, comes twice, comes late or to another browser is told so, each in its own words, and nothing is stored', async () => {
    const { dynamo, outputs } = run().platform;
    const ada = await somebody(provider);
    const at = browser();
    const answer = await ada.answers(at);
    const changed = new URL(answer);
    changed.searchParams.set('state', `${changed.searchParams.get('state')?.slice(0, -2)}AA`);
    expect(await at.get(changed.href)).toMatchObject({ status: 400, text: expect.stringContaining('does not belong') });
    expect(await browser().get(answer.href)).toMatchObject({ status: 403, text: expect.stringContaining('another browser') });
    const start = { TableName: outputs.tables.connections, Key: { connection_id: { S: startKey(answer.searchParams.get('state')?.split('.')[0] ?? '') } } };
    const { Item } = await dynamo.send(new GetItemCommand(start));
    await dynamo.send(new UpdateItemCommand({ ...start, UpdateExpression: 'SET ends_at = :now', ExpressionAttributeValues: { ':now': { N: String(run().sandbox.clock.now()) } } }));
    expect((await at.get(answer.href)).headers.get('location')).toBe(`${platformReturn}?result=denied&reason=expired`);
    expect(await connectionsOf(ada)).toEqual([]);
    await dynamo.send(new PutItemCommand({ TableName: start.TableName, Item }));
    expect((await at.get(answer.href)).headers.get('location')).toContain('result=connected');
    expect(await at.get(answer.href)).toMatchObject({ status: 409, text: expect.stringContaining('used already') });
    expect(await connectionsOf(ada)).toHaveLength(1);
  });

  it('who takes the grant back is told of once, within five minutes, and comes back to the same connection', async () => {
    const { platform, sandbox } = run();
    const { agrees, someone, providerId, email } = await somebody(provider);
    const { connection_id: id = '' } = await agrees();
    await read(providerId);
    await control(provider, 'revoke', { account: email, accessTokensToo: true });
    const revoked = sandbox.clock.now();
    await syncNow(id);
    await told.heard(died, id);
    expect(sandbox.clock.now() - revoked).toBeLessThan(minutes(5));
    expect(await stateOf(id)).toBe('reauthorization_required');
    expect(await platform.busy(providerId, hour(5).start, hour(5).end)).toMatchObject({ bookable: false, reasons: ['reauthorization_required'] });
    await syncNow(id);

    expect(await agrees()).toEqual({ result: 'connected', connection_id: id });
    await someone.add('After all', hour(6));
    await becomesBusy(platform, providerId, { within: hour(6), at: [hour(6)] });
    expect([await stateOf(id), await told.all(died, id)]).toEqual(['active', [expect.anything()]]);
  });

  it('who does not come back is reminded of on days 1, 3, 7 and 14, and never after; their calendar is left alone', async () => {
    const { agrees, providerId, email } = await somebody(provider);
    const { connection_id: id = '' } = await agrees();
    await read(providerId);
    await control(provider, 'revoke', { account: email, accessTokensToo: true });
    await syncNow(id);
    await told.heard(died, id);
    const { body: { calendars } } = await request('GET', `/v1/connections/${id}`);
    const [calendar] = (calendars as { id: string }[]).map((each) => encodeURIComponent(each.id));
    const calls = async (): Promise<number> => ((await (await fetch(`${root(provider)}/_sim/requests`)).json()) as LoggedRequest[]).filter(({ path }) => path.includes(calendar ?? '?')).length;
    const before = await calls();
    expect(before).toBeGreaterThan(0);
    for (const [day, since] of [[1, 1], [3, 2], [7, 4], [14, 7]] as const) {
      await timePasses(run(), id, days(since));
      await told.heard(died, id, (fact) => fact['reminder_day'] === day);
    }
    for (const later of [16, 30]) await timePasses(run(), id, days(later));
    await eventually('nothing is due any more', async () => !(await dueNow(id)));
    expect([(await told.all(died, id)).map((fact) => fact['reminder_day']), await calls()]).toEqual([[undefined, 1, 3, 7, 14], before]);
  });
});

/** Whether upkeep would ring for it. */
async function dueNow(id: string): Promise<boolean> {
  const { dynamo, outputs } = run().platform;
  const { Item } = await dynamo.send(new GetItemCommand({ TableName: outputs.tables['sync-state'], Key: { connection_id: { S: id }, part: { S: 'pull' } }, ConsistentRead: true }));
  return Number(Item?.['dueAt']?.N) <= run().sandbox.clock.now();
}

describe('a consent at Google', () => {
  it('with a box left empty is explained, and may be tried again under the same link', async () => {
    const ada = await somebody('google');
    const at = browser();
    const { page } = await ada.follows(await ada.link(), { untick: ['calendar.events'] }, at);
    expect(page?.text).toContain('A box that we need was left empty');
    expect(await connectionsOf(ada)).toEqual([]);
    const { returned } = await ada.follows(/href="([^"]+\/connect\/[^"]+)"/.exec(page?.text ?? '')?.[1] ?? '', {}, at);
    expect(returned?.searchParams.get('result')).toBe('connected');
  });

  it('of one account for two professionals asks again for the refresh token; one may leave, the other goes on, and only with the last the grant is given back', async () => {
    const { platform } = run();
    const ada = await somebody('google');
    const { connection_id: first = '' } = await ada.agrees();
    const other = randomUUID();
    const second = await ada.follows(await ada.link(other));
    const id = second.returned?.searchParams.get('connection_id') ?? '';
    // The second time Google gives no refresh token to who does not insist.
    expect([second.asked, id === '', id === first]).toEqual([2, false, false]);
    await Promise.all([ada.providerId, other].map(read));
    const revocations = async (): Promise<number> => ((await (await fetch(`${root('google')}/_sim/requests`)).json()) as LoggedRequest[]).filter(({ path }) => path === '/revoke').length;
    const before = await revocations();
    const leaves = async (leaving: string): Promise<void> => {
      expect((await request('DELETE', `/v1/connections/${leaving}`)).status).toBe(202);
      await told.heard('connection.removed', leaving);
      await eventually('it is gone', async () => (await request('GET', `/v1/connections/${leaving}`)).status === 404);
    };
    await leaves(first);
    expect(await revocations()).toBe(before);
    await tokensEnd('google', ada.email);
    await ada.someone.add('Still read', hour(7));
    await becomesBusy(platform, other, { within: hour(7), at: [hour(7)] });
    await leaves(id);
    expect(await revocations()).toBe(before + 1);
  });
});

describe('a consent at Microsoft', () => {
  it('of an account that another professional has connected is refused with a sentence', async () => {
    const ada = await somebody('microsoft');
    await ada.agrees();
    expect(await ada.agrees({ providerId: randomUUID() })).toEqual({ result: 'denied', reason: 'account_taken' });
  });

  it('that an administrator must allow waits for them, and goes on under the same link', async () => {
    await control('microsoft', 'behaviour', { usersMayConsent: false }, 'PATCH');
    try {
      const ada = await somebody('microsoft');
      const [at, link] = [browser(), await ada.link()];
      const { page } = await ada.follows(link, {}, at);
      expect(page?.text).toContain('only an administrator');
      expect(await connectionsOf(ada)).toEqual([]);
      const address = /<code>([^<]+)<\/code>/.exec(page?.text ?? '')?.[1]?.replaceAll('&amp;', '&') ?? '';
      expect((await ada.follows(address)).page?.text).toContain('Your organisation allows this now');
      expect((await ada.follows(link, {}, at)).returned?.searchParams.get('result')).toBe('connected');
    } finally {
      await control('microsoft', 'behaviour', { usersMayConsent: true }, 'PATCH');
    }
  });
});

describe('what is ours to keep in order', () => {
  it('a client secret that is outdated calls the operator, costs nobody a connection, and heals', async () => {
    const { platform, sandbox } = run();
    const people = await Promise.all(both.map(async (provider) => ({ provider, ada: await somebody(provider) })));
    const ids = await Promise.all(people.map(async ({ ada }) => (await ada.agrees())['connection_id'] ?? ''));
    await Promise.all(people.map(({ ada }) => read(ada.providerId)));
    const names = [Setting.googleOauth, Setting.microsoftOauth] as const;
    const good = await Promise.all(names.map(async (name) => (await platform.ssm.send(new GetParameterCommand({ Name: platform.outputs.settingsPath + name, WithDecryption: true }))).Parameter?.Value ?? ''));
    for (const [n, name] of names.entries()) await platform.set(name, JSON.stringify({ ...(JSON.parse(good[n] ?? '') as object), client_secret: 'outdated' }));
    await known();
    for (const { provider, ada } of people) await tokensEnd(provider, ada.email);
    expect(await Promise.all(ids.map(syncNow))).toEqual(['failed', 'failed']);
    for (const provider of both) await eventually('the operator is called', () => sandbox.logs('sync-now').some(({ line }) => line.includes('calendar_sync_oauth_client_refused_total') && line.includes(provider)));
    expect(await Promise.all(ids.map(stateOf))).toEqual(['active', 'active']);
    for (const [n, name] of names.entries()) await platform.set(name, good[n] ?? '');
    await known();
    for (const { ada } of people) await ada.someone.add('After all', hour(8));
    await Promise.all(people.map(({ ada }) => becomesBusy(platform, ada.providerId, { within: hour(8), at: [hour(8)], patience: { withinMs: 30_000 } })));
    expect((await Promise.all(ids.map((id) => told.all(died, id)))).flat()).toEqual([]);
  }, 60_000);

  it('a new token key serves beside the old one; npm run reseal brings every record under it, and then the old one may go', async () => {
    const { platform, sandbox } = run();
    const people = await Promise.all(both.map(async (provider) => ({ provider, ada: await somebody(provider) })));
    const ids = await Promise.all(people.map(async ({ ada }) => (await ada.agrees())['connection_id'] ?? ''));
    await Promise.all(people.map(({ ada }) => read(ada.providerId)));
    await platform.rotate(Setting.tokenKeys, 'add');
    await known();
    expect(await Promise.all(ids.map(syncNow))).toEqual(['pulled', 'pulled']);
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', join(projectRoot, 'infra/commands/reseal.ts'), '--outputs', join(sandbox.folder, 'outputs.json'), '--per-second', '1000']);
    expect(stdout).toMatch(/[1-9]\d* sealed anew, \d+ under the newest key already, 0 under a key that the ring lacks/);
    await platform.rotate(Setting.tokenKeys, 'drop old');
    await known();
    for (const { provider, ada } of people) await tokensEnd(provider, ada.email);
    expect(await Promise.all(ids.map(syncNow))).toEqual(['pulled', 'pulled']);
  }, 60_000);
});

describe('what consents leave behind', () => {
  it('holds no token, code, verifier, state, cookie or secret in clear: in no log, table or queue; one that did would be found', async () => {
    const { sandbox, platform } = run();
    const { dynamo, outputs } = platform;
    // A refusal by the token endpoint is among what was logged.
    await control('google', 'faults', { path: '/token$', when: 'before', status: 400, body: { error: 'invalid_request', error_description: 'refused' } });
    await expect((await somebody('google')).agrees()).rejects.toThrow('no longer took the answer');
    const secrets = await secretsOf(platform);
    expect(secrets.length).toBeGreaterThan(30);
    expect(secretsIn(secrets, await writtenBy(sandbox, platform))).toEqual([]);
    const planted = { connection_id: { S: 'planted' }, last_error: { S: `GET /events?access_token=${secrets.find((secret) => secret.startsWith('ya29.'))}` } };
    await dynamo.send(new PutItemCommand({ TableName: outputs.tables.connections, Item: planted }));
    const places = await writtenBy(sandbox, platform);
    await dynamo.send(new DeleteItemCommand({ TableName: outputs.tables.connections, Key: { connection_id: planted.connection_id } }));
    expect(secretsIn(secrets, places)).toEqual([expect.stringMatching(/^table connections \(ya29…, \d+ characters\)$/)]);
  });
});

describe('connecting turned off', () => {
  it('is refused to the platform, and on the page to who holds a link already', async () => {
    const { platform } = run();
    const link = await platform.startConsent({ provider: 'google', providerId: 'p-off', returnUrl: platformReturn });
    await platform.set(Setting.oauthEnabled, 'false');
    const until = run().sandbox.clock.now() + seconds(35);
    await eventually('the settings are known to everybody', () => run().sandbox.clock.now() > until);
    expect((await platform.post('/v1/connections', { provider_id: 'p-off', calendar_provider: 'google' })).status).toBe(403);
    expect((await browser().get(link)).headers.get('location')).toBe(`${platformReturn}?result=denied&reason=off`);
  });
});
