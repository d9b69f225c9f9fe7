import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CalendarError } from '../../../lib/calendars/port.ts';
import { oauthClient, refreshGrant, type Grant, type RefreshGrant } from '../../../lib/connect/oauth-clients.ts';
import { tokenRing, tokenVault } from '../../../lib/connect/token-vault.ts';
import { minutes } from '../../../lib/platform/clock.ts';
import { connections, type Connection } from '../../../lib/platform/connections.ts';
import { Setting } from '../../../lib/platform/names.ts';
import { seal, unseal } from '../../../lib/platform/seal.ts';
import { settingsFrom, unknownSettings, type SettingsSnapshot } from '../../../lib/platform/settings.ts';
import { aSecret, keyRing } from '../../support/notices.ts';
import { scriptedServer } from '../../support/scripted-server.ts';
import { startTables, type Tables } from '../../support/tables.ts';

const now = Date.parse('2026-03-02T09:00:00Z');
const secrets = (keys: object[] = keyRing.document) => settingsFrom(new Map([[Setting.tokenKeys, JSON.stringify({ keys })]]));
const sealed = (grant: Grant, connectionId = 'c') => seal(keyRing.ring, JSON.stringify(grant), { connectionId, now });
const grantOf = (n: number, expiresIn = minutes(60)): Grant => ({ access_token: `access-${n}`, refresh_token: `refresh-${n}`, expires_at: now + expiresIn });
const expired = grantOf(0, minutes(5) - 1);

let tables: Tables;
let snapshot: SettingsSnapshot;
beforeAll(async () => void (tables = await startTables()));
afterAll(() => tables.close());
beforeEach(async () => {
  await tables.aClean('connections');
  snapshot = secrets();
});

async function aConnection(grant: Grant): Promise<Connection> {
  const connection: Connection = { v: 1, connection_id: 'c', provider_id: 'p', calendar_provider: 'google', state: 'active', account: 'a', scopes: [], tokens: sealed(grant), calendars: [], watches: [], created_at: now, granted_at: now };
  await tables.put('connections', { ...connection });
  return connection;
}
const open = (connection: Connection, refresh: RefreshGrant) =>
  tokenVault({ dynamo: tables.dynamo, table: tables.named.connections, connections: connections(tables.dynamo, tables.named.connections), settings: { read: async () => snapshot }, refresh, clock: () => now })(connection);
const stored = async () => JSON.parse(unseal(keyRing.ring, String((await tables.get('connections', { connection_id: 'c' }))?.['tokens']), 'c')) as Grant;
const noRefresh: RefreshGrant = () => Promise.reject(new Error('was not to be refreshed'));
const kindOf = (work: Promise<unknown>) => work.then(() => 'none', (error: unknown) => (error instanceof CalendarError ? error.kind : `not a calendar error: ${String(error)}`));

describe('a token', () => {
  it('is handed out as it lies there while it lasts longer than any lease, without a call', async () => {
    const token = open(await aConnection(grantOf(1, minutes(5))), noRefresh);
    expect([await token(), await token()]).toEqual(['access-1', 'access-1']);
    expect(tables.calls).toEqual([]);
  });

  it('is renewed before it ends, and stored before it is handed out', async () => {
    const token = open(await aConnection(expired), async () => grantOf(1));
    expect(await token()).toBe('access-1');
    expect(await stored()).toEqual(grantOf(1));
    expect(await token()).toBe('access-1');
    expect(tables.calls.map(({ command }) => command)).toEqual(['UpdateItem']);
  });

  it('is not handed out where it could not be stored', async () => {
    const connection = await aConnection(expired);
    const elsewhere = tokenVault({ dynamo: tables.dynamo, table: 'no-such-table', connections: connections(tables.dynamo, tables.named.connections), settings: { read: async () => snapshot }, refresh: async () => grantOf(1), clock: () => now })(connection);
    await expect(elsewhere()).rejects.toThrow();
  });

  it('is renewed once on demand, however many ask at the same time', async () => {
    let refreshed = 0;
    const token = open(await aConnection(grantOf(0)), async () => grantOf((refreshed += 1)));
    expect(await Promise.all([token(true), token(true), token(true)])).toEqual(['access-1', 'access-1', 'access-1']);
    expect(refreshed).toBe(1);
    expect(await token(true)).toBe('access-2');
  });

  it('renewed by two runs at once is stored once, and the loser takes the winner’s', async () => {
    const connection = await aConnection(expired);
    let arrived = 0;
    let both = (): void => undefined;
    const together = new Promise<void>((resolve) => (both = resolve));
    const refresh: RefreshGrant = async () => {
      const mine = (arrived += 1);
      if (arrived === 2) both();
      await together;
      return grantOf(mine);
    };
    const [one, other] = await Promise.all([open(connection, refresh)(), open(connection, refresh)()]);
    expect(one).toBe(other);
    expect((await stored()).access_token).toBe(one);
  });

  it('of a grant that died because a newer one took its place is the newer one’s', async () => {
    const connection = await aConnection(expired);
    const token = open(connection, async () => {
      await aConnection(grantOf(7));
      throw new CalendarError('grant_dead', { reason: 'invalid_grant' });
    });
    expect(await token()).toBe('access-7');
  });

  it('of a grant that died is no token', async () => {
    expect(await kindOf(open(await aConnection(expired), () => Promise.reject(new CalendarError('grant_dead')))())).toBe('grant_dead');
    expect(await stored()).toEqual(expired);
  });

  it('of a connection erased meanwhile is unavailable: nobody needs to consent again', async () => {
    const connection = await aConnection(expired);
    for (const refresh of [async () => grantOf(1), () => Promise.reject(new CalendarError('grant_dead'))]) {
      await tables.aClean('connections');
      expect(await kindOf(open(connection, refresh)())).toBe('unavailable');
      expect(await tables.all('connections')).toEqual([]);
    }
  });

  it.each<[string, SettingsSnapshot]>([
    ['the ring lacks its key', secrets([{ id: 'k2', secret: aSecret('k2'), signsFrom: '2026-01-01T00:00:00Z' }])],
    ['the ring is missing', settingsFrom(new Map())],
    ['settings are unknown', unknownSettings],
    ['the ring is damaged', settingsFrom(new Map([[Setting.tokenKeys, '{"keys":[]}']]))],
  ])('is unavailable, never a dead grant, where %s', async (_, lacking) => {
    snapshot = lacking;
    expect(await kindOf(open(await aConnection(grantOf(1)), noRefresh)())).toBe('unavailable');
  });

  it('of a connection without tokens is a dead grant', async () => {
    const { tokens: _, ...erased } = await aConnection(grantOf(1));
    expect(await kindOf(open(erased, noRefresh)())).toBe('grant_dead');
  });
});

describe('renewing at the calendar provider', () => {
  const clients = settingsFrom(new Map([[Setting.googleOauth, '{"client_id":"i","client_secret":"s"}'], [Setting.microsoftOauth, '{"client_id":"i","client_secret":"s"}']]));
  const answered = async (body: object, provider: 'google' | 'microsoft') => {
    const server = await scriptedServer({ body: { access_token: 'new', expires_in: 3600, token_type: 'Bearer', ...body } });
    try {
      return await refreshGrant({ google: server.url, microsoft: server.url }, () => now)(provider, grantOf(0), clients);
    } finally {
      await server.close();
    }
  };

  it('keeps the old refresh token where none comes back, as with Google', async () => {
    for (const provider of ['google', 'microsoft'] as const) expect(await answered({}, provider)).toMatchObject({ access_token: 'new', refresh_token: 'refresh-0' });
  });
  it('takes the new refresh token where one comes back, as with Microsoft', async () => {
    expect(await answered({ refresh_token: 'rotated' }, 'microsoft')).toMatchObject({ access_token: 'new', refresh_token: 'rotated' });
  });
  it('names the secret that is not known, so that the log of a failed pull does', async () => {
    const nowhere = refreshGrant({ google: 'http://127.0.0.1:9', microsoft: 'http://127.0.0.1:9' }, () => now);
    await expect(nowhere('google', grantOf(0), unknownSettings)).rejects.toThrow('GOOGLE_OAUTH');
    await expect(nowhere('microsoft', grantOf(0), unknownSettings)).rejects.toThrow('MICROSOFT_OAUTH');
    expect(() => tokenRing(unknownSettings)).toThrow('TOKEN_KEYS');
  });

  it('is unavailable while our registration is not known', async () => {
    expect(await kindOf(refreshGrant({ google: 'http://127.0.0.1:9', microsoft: 'http://127.0.0.1:9' }, () => now)('google', grantOf(0), unknownSettings))).toBe('unavailable');
    for (const text of ['', '{', 'null', '5', '{"client_id":"i"}', '{"client_id":1,"client_secret":"s"}']) expect(oauthClient(settingsFrom(new Map([[Setting.googleOauth, text]])), 'google')).toBeUndefined();
  });
});
