import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { days, hours, minutes } from '../../../lib/platform/clock.ts';
import { judgeReturn, type ProvedReturn } from '../../../lib/connect/consent-return.ts';
import { hashOf } from '../../../lib/connect/consent-starts.ts';
import { finishConsent } from '../../../lib/connect/finish-consent.ts';
import { cookieName } from '../../../lib/connect/open-consent.ts';
import { eraseKey, leavingRows } from '../../../lib/platform/leaving-rows.ts';
import { Setting } from '../../../lib/platform/names.ts';
import { parseKeyRing } from '../../../lib/platform/key-ring.ts';
import { unseal } from '../../../lib/platform/seal.ts';
import { browser } from '../../support/browser.ts';
import { returnUrl, startConsentWorld, tokenKeys, type ConsentWorld } from '../../support/consent-world.ts';

let world: ConsentWorld;
let n = 0;
/** A person who has agreed to nothing yet, at either provider. */
let ada = '';
beforeAll(async () => {
  world = await startConsentWorld();
}, 60_000);
afterAll(() => world.close());
beforeEach(async () => {
  await world.reset();
  ada = `ada-${(n += 1)}@example.com`;
  world.google.addPerson({ email: ada, calendars: [{ id: ada, timeZone: 'Europe/Berlin', primary: true }, { id: `team-${ada}`, timeZone: 'UTC' }] });
  world.microsoft.addAccount({ email: ada });
});

const both = ['google', 'microsoft'] as const;
const nothingStored = async (): Promise<void> => {
  expect(await world.connections()).toEqual([]);
  expect((await world.tables.all('sync-state')).length + (await world.tables.all('busy-intervals')).length + world.hints.length).toBe(0);
};

describe.each(both)('a consent at %s', (provider) => {
  it('makes a connection of the primary calendar, its tokens sealed, and rings for its first pull', async () => {
    const { returned, asked } = await world.consents(provider, { account: ada, returns: true });
    const [connection, ...others] = await world.connections();
    expect([asked, others]).toEqual([1, []]);
    expect(returned?.origin).toBe('https://platform.example');
    expect(Object.fromEntries(returned?.searchParams ?? [])).toEqual({ tab: 'mine', result: 'connected', connection_id: connection?.connection_id });
    expect(connection).toMatchObject({ provider_id: 'p-1', calendar_provider: provider, state: 'active', zone: 'Europe/Berlin', calendars: [{ blocks: true, receives: true }], account: expect.stringMatching(/^[\w-]{43}$/) });
    expect(connection?.scopes.some((scope) => /calendar.events$|^Calendars.ReadWrite$/.test(scope))).toBe(true);
    const grant = JSON.parse(unseal(parseKeyRing(JSON.parse(tokenKeys(['t1']))), connection?.tokens ?? '', connection?.connection_id ?? '')) as Record<string, unknown>;
    expect(Object.keys(grant).sort()).toEqual(['access_token', 'expires_at', 'refresh_token']);
    expect(world.hints).toEqual([{ v: 1, hint: 'pull', connection_id: connection?.connection_id }]);
  });

  it('ends on a page of ours where the platform gave no address: one that no site may frame, keep or run scripts in', async () => {
    const { page } = await world.consents(provider, { account: ada });
    expect([page?.status, page?.text]).toEqual([200, expect.stringContaining('Your calendar is connected')]);
    const headers = Object.fromEntries(page?.headers ?? []);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY', 'content-security-policy': expect.stringMatching(/^default-src 'none'; style-src 'sha256-\S+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/) });
  });

  it('that is denied tells so and stores nothing', async () => {
    const { returned } = await world.consents(provider, { account: ada, decide: 'deny', returns: true });
    expect(Object.fromEntries(returned?.searchParams ?? [])).toMatchObject({ result: 'denied', reason: 'denied' });
    await nothingStored();
  });

  it('that comes back after ten minutes is expired', async () => {
    const at = browser();
    const { url } = await answerUpTo(at, provider);
    world.advance(minutes(10));
    expect((await at.get(url)).text).toContain('good for ten minutes');
    await nothingStored();
  });

  it('cannot be replayed: neither its answer nor its link', async () => {
    const at = browser();
    const link = await world.link(provider);
    const { visited } = await world.follow(at, link, { account: ada });
    const callback = visited.find((url) => url.includes('/connect/callback')) ?? '';
    const before = await world.connections();
    expect([(await at.get(callback)).status, (await at.get(link)).status]).toEqual([409, 409]);
    expect((await at.get(callback)).text).toContain('used already');
    expect(await world.connections()).toEqual(before);
  });

  it('with a state that was changed, or an older one, belongs to nothing', async () => {
    const at = browser();
    const { url } = await answerUpTo(at, provider);
    const changed = new URL(url);
    changed.searchParams.set('state', `${changed.searchParams.get('state')?.slice(0, -2)}AA`);
    expect((await at.get(changed.toString())).text).toContain('does not belong');
    for (const state of ['', 'x', `${'a'.repeat(43)}.${'b'.repeat(43)}`]) {
      changed.searchParams.set('state', state);
      expect((await at.get(changed.toString())).status).toBeGreaterThanOrEqual(400);
    }
    const link = await world.link(provider);
    const old = await answerUpTo(at, provider, link);
    await at.get(link);
    expect((await at.get(old.url)).status).toBe(400);
    await nothingStored();
  });

  it('that comes back in another browser is refused', async () => {
    const { url } = await answerUpTo(browser(), provider);
    expect((await browser().get(url)).text).toContain('another browser');
    await nothingStored();
  });

  it('is refused where connecting was turned off meanwhile, and unknown is not yes', async () => {
    const at = browser();
    const { url } = await answerUpTo(at, provider);
    world.settings.values.set(Setting.oauthEnabled, 'false');
    expect((await at.get(url)).text).toContain('turned off');
    world.settings.unknown = true;
    expect((await at.get(url)).status).toBe(503);
    await nothingStored();
  });

  it('whose link was opened too often says so, not that it was used', async () => {
    const [at, link] = [browser(), await world.link(provider)];
    for (let opening = 1; opening <= 20; opening += 1) expect((await at.get(link)).status).toBe(302);
    const { status, text } = await at.get(link);
    expect([status, text]).toEqual([410, expect.stringContaining('opened too often')]);
    await nothingStored();
  });

  it.each([['missing', undefined], ['damaged', '{"client_id":']])('names the secret that is %s to the operator', async (_, secret) => {
    const name = provider === 'google' ? Setting.googleOauth : Setting.microsoftOauth;
    const link = await world.link(provider);
    if (secret === undefined) world.settings.values.delete(name);
    else world.settings.values.set(name, secret);
    expect((await browser().get(link)).status).toBe(503);
    expect(world.lines.filter((line) => line.includes('"level":"error"') && line.includes(name))).toHaveLength(1);
  });

  it('exchanges a code once, whatever comes of it', async () => {
    const simulator = world[provider];
    const at = browser();
    const { url } = await answerUpTo(at, provider);
    simulator.addFault({ method: 'POST', path: 'token$', when: 'after', status: 503 });
    const before = simulator.requests.length;
    const first = await at.get(url);
    expect([first.status, first.text]).toEqual([503, expect.stringContaining('did not answer')]);
    expect((await at.get(url)).status).toBeGreaterThanOrEqual(400);
    expect(simulator.requests.slice(before).filter(({ path }) => path.endsWith('token'))).toHaveLength(1);
    await nothingStored();
    const { page } = await world.follow(at, /href="([^"]+)"/.exec(first.text)?.[1] ?? '', { account: ada });
    expect(page?.text).toContain('is connected');
  });

  it('that comes back twice at the same moment exchanges its code once', async () => {
    const simulator = world[provider];
    const at = browser();
    const { url } = await answerUpTo(at, provider);
    const before = simulator.requests.length;
    const event = { rawQueryString: new URL(url).search.slice(1), cookies: at.cookies(world.url) } as unknown as APIGatewayProxyEventV2;
    const proved = (await Promise.all([judgeReturn(world.parts, event), judgeReturn(world.parts, event)])) as ProvedReturn[];
    const ends = await Promise.all(proved.map((back) => finishConsent(world.parts, back, world.parts.clock() + minutes(1))));
    expect(ends.map((end) => (end.end === 'refused' ? end.refusal : end.end)).sort()).toEqual(['connected', 'replayed']);
    expect(simulator.requests.slice(before).filter(({ path }) => path.endsWith('token'))).toHaveLength(1);
    expect(await world.connections()).toHaveLength(1);
  });

  it('is not begun where connecting was turned off after the link was made', async () => {
    const link = await world.link(provider);
    world.settings.values.set(Setting.oauthEnabled, 'false');
    expect((await browser().get(link)).text).toContain('turned off');
    await nothingStored();
  });

  it('calls the operator where our own client is refused', async () => {
    world.settings.values.set(provider === 'google' ? Setting.googleOauth : Setting.microsoftOauth, JSON.stringify({ client_id: provider === 'google' ? 'g-client' : 'm-client', client_secret: 'outdated' }));
    const { page } = await world.consents(provider, { account: ada });
    expect(page?.text).toContain('on our side');
    expect(world.lines.filter((line) => line.includes('oauth_client_refused') || line.includes('"level":"error"'))).toHaveLength(2);
    await nothingStored();
  });

  it('again by the same provider for the same account renews the connection', async () => {
    await world.consents(provider, { account: ada });
    const [first] = await world.connections();
    world.advance(days(1));
    const again = await world.consents(provider, { account: ada, returns: true });
    const [second, ...others] = await world.connections();
    expect(others).toEqual([]);
    expect(again.returned?.searchParams.get('connection_id')).toBe(first?.connection_id);
    expect(second).toMatchObject({ connection_id: first?.connection_id, state: 'active', created_at: first?.created_at, granted_at: (first?.granted_at ?? 0) + days(1) });
    expect(second?.tokens).not.toBe(first?.tokens);
    // Google gave its refresh token the first time, and gives it again only to who insists.
    expect(again.asked).toBe(provider === 'google' ? 2 : 1);
  });

  it('of two at once for one account makes one connection', async () => {
    await Promise.all([world.consents(provider, { account: ada }), world.consents(provider, { account: ada })]);
    expect(await world.connections()).toHaveLength(1);
  });

  /** The consent up to the address by which the browser would come back. */
  async function answerUpTo(at: ReturnType<typeof browser>, of: typeof provider, given?: string): Promise<{ url: string }> {
    const link = given ?? (await world.link(of));
    const there = (await at.get(link)).headers.get('location') ?? '';
    const shown = await at.get(`${there}&sim_decide=approve&sim_account=${encodeURIComponent(ada)}`);
    return { url: shown.headers.get('location') ?? '' };
  }
});

describe('a consent at google', () => {
  it('with a box left empty is explained, given back, and may be tried again', async () => {
    const at = browser();
    const { page } = await world.follow(at, await world.link('google', { returns: true }), { account: ada, untick: ['calendar.events'] });
    expect(page?.text).toContain('A box that we need was left empty');
    expect(page?.text).toContain(`${returnUrl}&amp;result=denied&amp;reason=scope_missing`);
    expect(world.google.requests.at(-1)?.path).toBe('/revoke');
    await nothingStored();
    const { returned } = await world.follow(at, /href="([^"]+\/connect\/[^"]+)"/.exec(page?.text ?? '')?.[1] ?? '', { account: ada });
    expect(returned?.searchParams.get('result')).toBe('connected');
  });

  it('of one account for two providers makes two connections', async () => {
    await world.consents('google', { account: ada, providerId: 'p-1' });
    await world.consents('google', { account: ada, providerId: 'p-2' });
    expect((await world.connections()).map(({ provider_id }) => provider_id).sort()).toEqual(['p-1', 'p-2']);
  });

  it('in testing mode remembers when Google will end it', async () => {
    world.google.manners.grantSeconds = 604_799;
    await world.consents('google', { account: ada });
    delete world.google.manners.grantSeconds;
    const [connection] = await world.connections();
    expect((connection?.grant_ends_at ?? 0) - (connection?.granted_at ?? 0)).toBe(604_799_000);
  });
});

describe('a consent at microsoft', () => {
  it('of an account that another provider has connected is refused', async () => {
    await world.consents('microsoft', { account: ada, providerId: 'p-1' });
    const { returned } = await world.consents('microsoft', { account: ada, providerId: 'p-2', returns: true });
    expect(returned?.searchParams.get('reason')).toBe('account_taken');
    expect(await world.connections()).toHaveLength(1);
  });

  it.each(['reauthorization_required', 'disconnecting'])('of an account whose connection at another provider is dead (%s) is made', async (state) => {
    await world.consents('microsoft', { account: ada, providerId: 'p-1' });
    const [dead] = await world.connections();
    await world.tables.put('connections', { ...dead, state });
    const { returned } = await world.consents('microsoft', { account: ada, providerId: 'p-2', returns: true });
    expect(returned?.searchParams.get('result')).toBe('connected');
    const again = await world.consents('microsoft', { account: ada, providerId: 'p-1', returns: true });
    expect(again.returned?.searchParams.get('reason')).toBe('account_taken');
  });

  it('of an account that another provider had meanwhile renews the connection that this provider has of it', async () => {
    await world.consents('microsoft', { account: ada, providerId: 'p-1' });
    const [first] = await world.connections();
    await world.tables.put('connections', { ...first, state: 'reauthorization_required' });
    await world.consents('microsoft', { account: ada, providerId: 'p-2' });
    const second = (await world.connections()).find(({ provider_id }) => provider_id === 'p-2');
    await world.tables.put('connections', { ...second, state: 'reauthorization_required' });
    const { returned } = await world.consents('microsoft', { account: ada, providerId: 'p-1', returns: true });
    expect(returned?.searchParams.get('connection_id')).toBe(first?.connection_id);
    expect((await world.connections()).filter(({ provider_id }) => provider_id === 'p-1')).toMatchObject([{ connection_id: first?.connection_id, state: 'active' }]);
    const taken = await world.consents('microsoft', { account: ada, providerId: 'p-2', returns: true });
    expect(taken.returned?.searchParams.get('reason')).toBe('account_taken');
  });

  it('of an account that nobody is known to hold any more renews the connection that this provider has of it', async () => {
    await world.consents('microsoft', { account: ada, providerId: 'p-1' });
    const [first] = await world.connections();
    const [claim] = (await world.tables.all('connections')).filter(({ held_by }) => held_by === first?.connection_id);
    await world.tables.dynamo.send(new DeleteItemCommand({ TableName: world.tables.named.connections, Key: { connection_id: { S: String(claim?.['connection_id']) } } }));
    const { returned } = await world.consents('microsoft', { account: ada, providerId: 'p-1', returns: true });
    expect(returned?.searchParams.get('connection_id')).toBe(first?.connection_id);
    expect(await world.connections()).toHaveLength(1);
  });

  it('without the calendar scope is explained', async () => {
    const bob = `bob-${n}@example.com`;
    world.microsoft.addAccount({ email: bob, scopes: ['User.Read'] });
    const { page } = await world.consents('microsoft', { account: bob });
    expect(page?.text).toContain('A box that we need was left empty');
    await nothingStored();
  });

  it('that an administrator must allow waits a day for them: the person goes on under the same link', async () => {
    world.microsoft.behaviour.usersMayConsent = false;
    try {
      const [at, link] = [browser(), await world.link('microsoft')];
      const { page } = await world.follow(at, link, { account: ada });
      const address = /<code>([^<]+)<\/code>/.exec(page?.text ?? '')?.[1]?.replaceAll('&amp;', '&') ?? '';
      expect([page?.text, address]).toEqual([expect.stringContaining('only an administrator'), expect.stringContaining('/organizations/v2.0/adminconsent?')]);
      expect(address).not.toContain(link.split('/').at(-1));
      await nothingStored();
      const admin = await world.follow(browser(), address, { account: ada });
      expect(admin.page?.text).toContain('Your organisation allows this now');
      world.advance(hours(23));
      expect((await world.follow(at, link, { account: ada })).page?.text).toContain('is connected');
    } finally {
      world.microsoft.behaviour.usersMayConsent = true;
    }
  });
});

describe('a link that waits for an administrator', () => {
  const waiting = async (): Promise<string> => {
    world.microsoft.behaviour.usersMayConsent = false;
    const link = await world.link('microsoft');
    await world.follow(browser(), link, { account: ada });
    world.microsoft.behaviour.usersMayConsent = true;
    return link;
  };

  it('ends after that day, and takes no answer that is older than ten minutes', async () => {
    const link = await waiting();
    world.advance(hours(24));
    expect((await world.follow(browser(), link, { account: ada })).page?.text).toContain('This link ended');
    const other = await waiting();
    const start = (await world.tables.all('connections')).find((row) => row['waiting'] === 'admin' && Number(row['ends_at']) > world.parts.clock());
    await world.parts.starts.open(String(start?.['connection_id']), { stateHash: hashOf(`${other.split('/').at(-1) ?? ''}.n`), browserHash: hashOf('b'), verifier: 'v' }, world.parts.clock());
    world.advance(minutes(10));
    const event = { rawQueryString: `state=${other.split('/').at(-1) ?? ''}.n&code=c`, cookies: [`${cookieName(String(start?.['connection_id']))}=b`] } as unknown as APIGatewayProxyEventV2;
    expect(await judgeReturn(world.parts, event)).toMatchObject({ refusal: 'expired' });
  });
});

describe('a provider who is being erased', () => {
  const leaving = () => leavingRows(world.tables.dynamo, world.tables.named['sync-state']);
  const erased = () => leaving().begin(eraseKey('p-1'), { providerId: 'p-1', removes: false, now: world.parts.clock() });

  it('gets no new link, and with an old one is told so before any calendar provider is asked; once nothing is left, they may come again', async () => {
    const [at, unopened] = [browser(), await world.link('google', { returns: true })];
    const opened = await at.get(await world.link('google', { returns: true }));
    await erased();
    const refused = await world.post({ provider_id: 'p-1', calendar_provider: 'google' });
    expect([refused.status, refused.body['detail']]).toEqual([409, expect.stringContaining('being erased')]);
    const asked = world.google.requests.length;
    expect((await browser().get(unopened)).headers.get('location')).toContain('reason=erasing');
    expect(world.google.requests.length).toBe(asked);
    const { returned } = await world.follow(at, opened.headers.get('location') ?? '', { account: ada });
    expect(returned?.searchParams.get('reason')).toBe('erasing');
    expect(world.google.requests.filter(({ path }, n) => n >= asked && path === '/token')).toEqual([]);
    expect([await world.connections(), world.hints]).toEqual([[], []]);
    await leaving().end(eraseKey('p-1'));
    expect((await world.consents('google', { account: ada, returns: true })).returned?.searchParams.get('result')).toBe('connected');
  });
});

describe('POST /v1/connections', () => {
  const good = { provider_id: 'p-1', calendar_provider: 'google' };

  it('answers with a link good for ten minutes, of which the table holds only a hash', async () => {
    const { status, body } = await world.post({ ...good, return_url: 'http://localhost:3000/back', login_hint: ada });
    const id = String(body['url']).split('/').at(-1) ?? '';
    expect([status, id]).toEqual([201, expect.stringMatching(/^[\w-]{43}$/)]);
    expect(JSON.stringify(await world.tables.all('connections'))).not.toContain(id);
  });

  it.each([
    ['nothing', undefined], ['no JSON', 'x'], ['no provider', { calendar_provider: 'google' }], ['another calendar provider', { ...good, calendar_provider: 'apple' }],
    ['an address without TLS', { ...good, return_url: 'http://platform.example/' }], ['an address with a password', { ...good, return_url: 'https://a:b@platform.example/' }],
    ['a script', { ...good, return_url: 'javascript:alert(1)' }], ['no zone', { ...good, zone: 'Mars/Olympus' }], ['an offset', { ...good, zone: '+02:00' }],
  ])('refuses %s', async (_what, body) => {
    expect((await world.post(body)).status).toBe(400);
  });

  it('refuses where connecting is off, or the provider not on the list; unknown asks to come again', async () => {
    world.settings.values.set(Setting.providerAllowlist, 'p-2');
    expect((await world.post(good)).status).toBe(403);
    world.settings.values.set(Setting.providerAllowlist, '*');
    world.settings.values.set(Setting.oauthEnabled, 'no');
    expect((await world.post(good)).status).toBe(403);
    world.settings.unknown = true;
    expect((await world.post(good)).status).toBe(503);
  });
});
