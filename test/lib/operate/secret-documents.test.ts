import { describe, expect, it } from '@jest/globals';
import { badDocument, clientTold, keysTold, lostKeys, rotateRing, withClientSecret } from '../../../lib/operate/secret-documents.ts';
import { minutes } from '../../../lib/platform/clock.ts';
import { parseKeyRing, signingKey } from '../../../lib/platform/key-ring.ts';

const now = Date.parse('2026-03-02T09:00:00Z');
const key = (id: string, age: number) => ({ id, secret: Buffer.alloc(32, id).toString('base64'), signsFrom: new Date(now - age).toISOString() });
const ring = (...keys: object[]) => JSON.stringify({ keys, relay: { google: 'r' } });
const use = (counts: Record<string, number>) => new Map(Object.entries(counts));
const idsOf = (document: string) => parseKeyRing(JSON.parse(document)).map(({ id }) => id);
const secret = Buffer.alloc(32, 7);

describe('rotating a ring', () => {
  it('adds a key that signs in ten minutes, and keeps what else the document holds', () => {
    const { document, added, dropped } = rotateRing('WEBHOOK_KEYS', ring(key('w1', minutes(60))), { secret, use: use({ w1: 2 }), now });
    expect([added, dropped, idsOf(document)]).toEqual(['w2', [], ['w1', 'w2']]);
    const after = parseKeyRing(JSON.parse(document));
    expect(signingKey(after, now + minutes(10) - 1).id).toBe('w1');
    expect(signingKey(after, now + minutes(10)).id).toBe('w2');
    expect(JSON.parse(document)).toMatchObject({ relay: { google: 'r' } });
  });

  it('makes a first key that signs at once', () => {
    const { document, added } = rotateRing('TOKEN_KEYS', undefined, { secret, use: use({}), now });
    expect([added, signingKey(parseKeyRing(JSON.parse(document)), now).signsFrom]).toEqual(['t1', now]);
  });

  it('drops a key only when nothing lies under it and its successor has signed for ten minutes', () => {
    const both = ring(key('t1', minutes(90)), key('t2', minutes(10)));
    expect(rotateRing('TOKEN_KEYS', both, { use: use({ t1: 1, t2: 5 }), now }).dropped).toEqual([]);
    expect(rotateRing('TOKEN_KEYS', both, { use: use({ t2: 5 }), now: now - 1 }).dropped).toEqual([]);
    const { document, dropped, added } = rotateRing('TOKEN_KEYS', both, { use: use({ t2: 5 }), now });
    expect([dropped, added, idsOf(document)]).toEqual([['t1'], undefined, ['t2']]);
  });

  it('never drops a key that is yet to sign, nor gives an id that something still lies under', () => {
    const waiting = ring(key('t1', minutes(90)), key('t2', -minutes(5)));
    expect(rotateRing('TOKEN_KEYS', waiting, { use: use({}), now }).dropped).toEqual([]);
    expect(rotateRing('TOKEN_KEYS', ring(key('t1', minutes(90))), { secret, use: use({ t7: 1 }), now }).added).toBe('t8');
  });

  it('is told by ids, ages and use, never by values', () => {
    const document = ring(key('t1', minutes(90)), key('t2', minutes(20)), key('t3', -minutes(5)));
    const told = keysTold(document, use({ t1: 0, t2: 3 }), now);
    expect(told.map(({ id, is, inUse, droppable }) => [id, is, inUse, droppable])).toEqual([['t1', 'opens only', 0, true], ['t2', 'signs', 3, false], ['t3', 'signs later', 0, false]]);
    expect(JSON.stringify(told)).not.toContain(key('t1', 0).secret);
    expect(lostKeys(ring(key('t2', 0)), use({ t1: 1, t2: 1, t9: 0 }))).toEqual(['t1']);
  });
});

describe('a secret’s document', () => {
  it('is refused in a sentence that repeats nothing of it', () => {
    const bad = { WEBHOOK_KEYS: ['hunter2', '{"keys":[]}', '{"keys":[{"id":"hunter2hunter2hunter2"}]}', '{"keys":[{"id":"w1","secret":"hunter2"}]}', JSON.stringify({ keys: [key('w1', 0)], relay: { google: '' } })], GOOGLE_OAUTH: ['{"client_id":"hunter2"}', '[]', '"hunter2"'] } as const;
    for (const name of ['WEBHOOK_KEYS', 'GOOGLE_OAUTH'] as const) {
      for (const document of bad[name]) {
        expect(badDocument(name, document)).toContain(name);
        expect(badDocument(name, document)).not.toContain('hunter2');
      }
    }
    expect(badDocument('WEBHOOK_KEYS', ring(key('w1', 0)))).toBeUndefined();
    expect(badDocument('MICROSOFT_OAUTH', '{"client_id":"a","client_secret":"b","tenant":"common"}')).toBeUndefined();
  });

  it('of an OAuth client keeps its id when its secret is replaced, and tells the id alone', () => {
    const document = withClientSecret('{"client_id":"a","client_secret":"old","tenant":"t"}', 'new');
    expect(JSON.parse(document)).toEqual({ client_id: 'a', client_secret: 'new', tenant: 't' });
    expect(clientTold(document)).toEqual({ client_id: 'a', tenant: 't' });
  });
});
