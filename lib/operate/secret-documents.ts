// The four secrets as documents: read, checked and changed without a call. What is told of one is ids and times, never a value.
import * as v from 'valibot';
import { keyAgeBeforeSigning, parseKeyRing, signingKey, type KeyRing } from '../platform/key-ring.ts';
import { parseJson } from '../platform/messages.ts';
import { Setting, type secretNames } from '../platform/names.ts';

export type SecretName = (typeof secretNames)[number];
export type RingName = typeof Setting.webhookKeys | typeof Setting.tokenKeys;
export const isRing = (name: SecretName): name is RingName => name === Setting.webhookKeys || name === Setting.tokenKeys;

/** How much still lies sealed, or is signed, under each key, by its id. */
export type KeyUse = ReadonlyMap<string, number>;

interface KeyDocument {
  readonly id: string;
  readonly secret: string;
  readonly signsFrom: string;
}
type RingDocument = { readonly keys: readonly KeyDocument[] } & Readonly<Record<string, unknown>>;

const text = v.pipe(v.string(), v.minLength(1));
const relay = v.optional(v.object({ google: v.optional(text), microsoft: v.optional(text) }));
const oauth = v.object({ client_id: text, client_secret: text, tenant: v.optional(text) });

/** Why this is not the document that the secret should be, in a sentence that repeats nothing of it; undefined: it is. */
export function badDocument(name: SecretName, document: string): string | undefined {
  const value = parseJson(document);
  if (value === undefined) return `${name} is a JSON document, and this is not JSON.`;
  if (!isRing(name)) return v.is(oauth, value) ? undefined : `${name} is {"client_id","client_secret"${name === Setting.microsoftOauth ? ',"tenant"' : ''}}, each a text.`;
  try {
    parseKeyRing(value);
  } catch (error) {
    return `${name}: ${error instanceof Error ? error.message : 'not a key ring.'}`;
  }
  const { relay: given } = value as { relay?: unknown };
  return v.is(relay, given) ? undefined : `${name}: relay is {"google"?,"microsoft"?}, each a text.`;
}

export interface KeyTold {
  readonly id: string;
  /** In ms. */
  readonly signsFrom: number;
  readonly is: 'signs' | 'signs later' | 'opens only';
  readonly inUse: number;
  readonly droppable: boolean;
}

export function keysTold(document: string, use: KeyUse, now: number): KeyTold[] {
  const ring = ringOf(document);
  const signing = signingKey(ring, now);
  const needless = new Set(needlessKeys(ring, use, now));
  return ring.map(({ id, signsFrom }) => ({ id, signsFrom, is: id === signing.id ? 'signs' : signsFrom > now ? 'signs later' : 'opens only', inUse: use.get(id) ?? 0, droppable: needless.has(id) }));
}

/** Under which nothing is sealed or signed any more, nor will be: the key after it has signed for so long that every function knows it. */
export function needlessKeys(ring: KeyRing, use: KeyUse, now: number): string[] {
  const signing = signingKey(ring, now);
  if (now - signing.signsFrom < keyAgeBeforeSigning) return [];
  return ring.flatMap(({ id, signsFrom }) => (id !== signing.id && signsFrom <= signing.signsFrom && (use.get(id) ?? 0) === 0 ? [id] : []));
}

/** Keys of use that the new document would take away. */
export const lostKeys = (document: string, use: KeyUse): string[] => {
  const kept = new Set(ringOf(document).map(({ id }) => id));
  return [...use].flatMap(([id, count]) => (count > 0 && !kept.has(id) ? [id] : []));
};

export interface Rotated {
  readonly document: string;
  readonly added?: string;
  readonly dropped: readonly string[];
}

/** Adds a key that signs in ten minutes, where `secret` is given, and drops those that are needless; `document` absent: a ring's first key, which signs at once. */
export function rotateRing(name: RingName, document: string | undefined, { secret, use, now }: { secret?: Buffer; use: KeyUse; now: number }): Rotated {
  const before: RingDocument = document === undefined ? { keys: [] } : (parseJson(document) as RingDocument);
  const dropped = document === undefined ? [] : needlessKeys(ringOf(document), use, now);
  const kept = before.keys.filter(({ id }) => !dropped.includes(id));
  if (secret === undefined) return { document: JSON.stringify({ ...before, keys: kept }), dropped };
  const added = nextId(name === Setting.webhookKeys ? 'w' : 't', [...before.keys.map(({ id }) => id), ...use.keys()]);
  const signsFrom = new Date(before.keys.length === 0 ? now : now + keyAgeBeforeSigning).toISOString();
  return { document: JSON.stringify({ ...before, keys: [...kept, { id: added, secret: secret.toString('base64'), signsFrom }] }), added, dropped };
}

/** Never one that something may still lie under: `w3` after `w1` and `w2`. */
function nextId(letter: string, taken: readonly string[]): string {
  const numbers = taken.flatMap((id) => (id.startsWith(letter) && /^\d{1,9}$/.test(id.slice(1)) ? [Number(id.slice(1))] : []));
  return `${letter}${Math.max(0, ...numbers) + 1}`;
}

/** The OAuth client with another secret. */
export const withClientSecret = (document: string, secret: string): string => JSON.stringify({ ...(parseJson(document) as object), client_secret: secret });

export function clientTold(document: string): { client_id: string; tenant?: string } {
  const { client_id, tenant } = v.parse(oauth, parseJson(document));
  return { client_id, ...(tenant !== undefined && { tenant }) };
}

const ringOf = (document: string): KeyRing => parseKeyRing(parseJson(document));
