// Sealed records, watch tokens and the rings of keys under both.
import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { keyAgeBeforeSigning, parseKeyRing, signingKey } from '../../../lib/platform/key-ring.ts';
import { seal, sealKeyId, unseal, UnknownSealKey } from '../../../lib/platform/seal.ts';
import { signWatchToken, verifyWatchToken } from '../../../lib/platform/watch-token.ts';
import { aSecret } from '../../support/notices.ts';

const now = Date.parse('2026-03-02T09:00:00Z');
const key = (id: string, signsFrom = '2026-01-01T00:00:00Z') => ({ id, secret: aSecret(id), signsFrom });
const ringOf = (...keys: object[]) => parseKeyRing({ keys });
const ring = ringOf(key('k1'));

describe('a key ring', () => {
  it.each([
    ['nothing', undefined], ['null', null], ['a text', 'k1'], ['a list', [key('k1')]], ['no keys', {}], ['an empty list', { keys: [] }], ['keys that are no list', { keys: key('k1') }],
    ['a null key', { keys: [null] }], ['a text for a key', { keys: ['k1'] }], ['no id', { keys: [{ secret: aSecret('a') }] }], ['an id with a dot, which tokens are split by', { keys: [{ ...key('k1'), id: 'k.1' }] }],
    ['an id of 17 characters', { keys: [{ ...key('k1'), id: 'k'.repeat(17) }] }], ['a secret of 31 bytes', { keys: [{ ...key('k1'), secret: Buffer.alloc(31).toString('base64') }] }],
    ['a secret that is a number', { keys: [{ ...key('k1'), secret: 5 }] }], ['a time that is none', { keys: [{ ...key('k1'), signsFrom: 'soon' }] }], ['one bad key beside a good one', { keys: [key('k1'), {}] }],
    ['the same id twice, of which only one would ever be found', { keys: [key('k1'), { ...key('k2'), id: 'k1' }] }],
  ])('is refused whole where it holds %s, without telling a secret', (_, document) => {
    expect(() => parseKeyRing(document)).toThrow(/ring|[Kk]ey/);
    try {
      parseKeyRing(document);
    } catch (error) {
      expect(String(error)).not.toContain(aSecret('k1'));
    }
  });

  it('signs with the newest key that is old enough, and with the oldest while none is', () => {
    const two = ringOf(key('young', '2026-03-02T09:00:01Z'), key('old'), key('older', '2025-01-01T00:00:00Z'));
    expect(signingKey(two, now).id).toBe('old');
    expect(signingKey(two, now + 1000).id).toBe('young');
    expect(signingKey(two, Date.parse('2020-01-01T00:00:00Z')).id).toBe('older');
    expect(signingKey(ringOf({ id: 'timeless', secret: aSecret('t') }), now).id).toBe('timeless');
  });

  it('lets a key be older than any cache before it signs', () => {
    expect(keyAgeBeforeSigning).toBeGreaterThan(5 * 60_000 + 30_000);
  });
});

describe('a sealed record', () => {
  const record = seal(ring, 'ya29.secret', { connectionId: 'c', now });

  it('opens for its connection, under any key that is still in the ring', () => {
    expect(unseal(ring, record, 'c')).toBe('ya29.secret');
    expect(unseal(ringOf(key('k2'), key('k1')), record, 'c')).toBe('ya29.secret');
    expect(sealKeyId(record)).toBe('k1');
    expect(record).not.toContain('ya29');
  });

  it('is never the same twice, and holds any text', () => {
    expect(seal(ring, 'x', { connectionId: 'c', now })).not.toBe(seal(ring, 'x', { connectionId: 'c', now }));
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, connectionId) => unseal(ring, seal(ring, text, { connectionId, now }), connectionId) === text), { numRuns: 200, seed: 1 });
  });

  it('is worth nothing in another connection’s row', () => {
    expect(() => unseal(ring, record, 'd')).toThrow();
  });

  it('is unknown, not damaged, under a key that the ring lacks', () => {
    expect(() => unseal(ringOf(key('k2')), record, 'c')).toThrow(UnknownSealKey);
  });

  it('under a key of the same id but another secret does not open', () => {
    expect(() => unseal(ringOf({ ...key('k2'), id: 'k1' }), record, 'c')).toThrow();
  });

  it('does not open once any byte of it has changed', () => {
    const parts = record.split('.');
    for (const at of [2, 3, 4]) {
      const bytes = Buffer.from(parts[at] ?? '', 'base64url');
      for (let n = 0; n < bytes.length; n += 1) {
        const changed = Buffer.from(bytes);
        changed[n] = (changed[n] ?? 0) ^ 1;
        expect(() => unseal(ring, parts.map((part, index) => (index === at ? changed.toString('base64url') : part)).join('.'), 'c')).toThrow();
      }
    }
  });

  it.each(['', 'plain', 's1', 's1.k1', 's1.k1..', 's1.k1...', record.replace('s1', 's2'), record.split('.').slice(0, 4).join('.'), `${record.split('.').slice(0, 3).join('.')}.AAAA.${record.split('.')[4] ?? ''}`])('does not open where it is none: %j', (text) => {
    expect(() => unseal(ring, text, 'c')).toThrow();
  });
});

describe('a watch token', () => {
  const longestRing = ringOf({ ...key('k1'), id: 'k'.repeat(16) });
  const connectionId = 'c'.repeat(36);
  const google = { provider: 'google', connectionId, nonce: 'n'.repeat(64) } as const;

  it('fits Google’s 256 characters and Graph’s 128 with the longest ids', () => {
    expect(signWatchToken(longestRing, google, now).length).toBeLessThanOrEqual(256);
    expect(signWatchToken(longestRing, { provider: 'microsoft', connectionId, nonce: 'n'.repeat(22) }, now).length).toBeLessThanOrEqual(128);
  });

  it('is not made where Graph would refuse it as too long', () => {
    expect(() => signWatchToken(longestRing, { provider: 'microsoft', connectionId, nonce: 'n'.repeat(64) }, now)).toThrow(/128/);
  });

  it('proves its connection and key, for its provider and nonce only', () => {
    const token = signWatchToken(ring, { provider: 'google', connectionId: 'c', nonce: 'n' }, now);
    expect(verifyWatchToken(ring, 'google', token, 'n')).toEqual({ connectionId: 'c', keyId: 'k1' });
    expect([verifyWatchToken(ring, 'google', token, 'm'), verifyWatchToken(ring, 'google', token), verifyWatchToken(ring, 'microsoft', token), verifyWatchToken(ringOf(key('k2')), 'google', token, 'n')]).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('of Google with its channel put into it proves nothing at Microsoft', () => {
    const [version, keyId, connection, mac] = signWatchToken(ring, { provider: 'google', connectionId: 'c', nonce: 'n' }, now).split('.');
    expect(verifyWatchToken(ring, 'microsoft', [version, keyId, connection, 'n', mac].join('.'))).toBeUndefined();
  });

  it('made under the key that stands in for unknown ones proves nothing', () => {
    const standIn = [{ id: 'none', secret: createSecretKey(Buffer.alloc(32)), signsFrom: 0 }];
    expect(verifyWatchToken(ring, 'google', signWatchToken(standIn, { provider: 'google', connectionId: 'c', nonce: 'n' }, now), 'n')).toBeUndefined();
  });

  it('is proved under any key of the ring, and signed by none too young', () => {
    const both = ringOf(key('k1'), key('k2', '2026-03-02T09:10:00Z'));
    const [before, after] = [now, now + keyAgeBeforeSigning].map((at) => signWatchToken(both, { provider: 'microsoft', connectionId: 'c', nonce: 'n' }, at));
    expect(verifyWatchToken(both, 'microsoft', before ?? '')).toEqual({ connectionId: 'c', keyId: 'k1' });
    expect(verifyWatchToken(both, 'microsoft', after ?? '')).toEqual({ connectionId: 'c', keyId: 'k2' });
  });

  it.each([['', 'n'], ['c'.repeat(37), 'n'], ['c.d', 'n'], ['c#d', 'n'], ['ü', 'n'], ['c', ''], ['c', 'n.n'], ['c', 'n'.repeat(65)]])('is not made for connection %j and nonce %j', (id, nonce) => {
    expect(() => signWatchToken(ring, { provider: 'google', connectionId: id, nonce }, now)).toThrow();
  });

  it('changed anywhere in what it claims proves nothing', () => {
    const token = signWatchToken(ring, { provider: 'microsoft', connectionId: 'connection-1', nonce: 'nonce-1' }, now);
    const body = token.slice(0, token.lastIndexOf('.') + 40);
    for (let n = 0; n < body.length; n += 1) {
      const changed = `${token.slice(0, n)}${token[n] === 'x' ? 'y' : 'x'}${token.slice(n + 1)}`;
      expect({ changed, proof: verifyWatchToken(ring, 'microsoft', changed) }).toEqual({ changed, proof: undefined });
    }
  });

  it('has one spelling: its MAC padded, with junk in it or other spare bits proves nothing', () => {
    const token = signWatchToken(ring, { provider: 'google', connectionId: 'c', nonce: 'n' }, now);
    const spareBits = `${token.slice(0, -1)}${String.fromCharCode(token.charCodeAt(token.length - 1) + 1)}`;
    const standard = token.replaceAll('-', '+').replaceAll('_', '/');
    for (const other of [`${token}=`, `${token}==`, `${token.slice(0, -9)}*${token.slice(-9)}`, `${token}\n`, spareBits, ...(standard === token ? [] : [standard])]) {
      expect({ other, proof: verifyWatchToken(ring, 'google', other, 'n') }).toEqual({ other, proof: undefined });
    }
  });

  it('may be any text at all, and nothing throws', () => {
    const parts = fc.array(fc.oneof(fc.constantFrom('v1', 'k1', 'c', ''), fc.string({ unit: 'binary' })), { maxLength: 7 }).map((some) => some.join('.'));
    fc.assert(fc.property(fc.constantFrom('google' as const, 'microsoft' as const), parts, fc.option(fc.string(), { nil: undefined }), (provider, token, channel) => verifyWatchToken(ring, provider, token, channel) === undefined), { numRuns: 2000, seed: 1 });
  });
});
