// Opaque to clients: which calendar, up to which change, and for which question a list was complete.
import { createHash } from 'node:crypto';
import { fullSyncRequired } from './google-fault.ts';

export interface SyncPoint {
  readonly resourceId: string;
  readonly seq: number;
  readonly epoch: number;
  /** Hash of the parameters of the list: another question needs another token. */
  readonly question: string;
  /** How far ahead instances were asked for. */
  readonly reach: number;
}

/** Ends in `=`, so that a client that forgets to encode it finds out. */
export const writeSyncToken = ({ resourceId, seq, epoch, question, reach }: SyncPoint): string =>
  `${Buffer.from(JSON.stringify([resourceId, seq, epoch, question, reach])).toString('base64url')}=`;

/** Anything that is not a token of ours is answered as an expired one. */
export function readSyncToken(token: string): SyncPoint {
  try {
    const [resourceId, seq, epoch, question, reach] = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as unknown[];
    if (token.endsWith('=') && typeof resourceId === 'string' && typeof seq === 'number' && typeof epoch === 'number' && typeof question === 'string' && typeof reach === 'number') {
      return { resourceId, seq, epoch, question, reach };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
  }
  throw fullSyncRequired();
}

/** These may change between pages or between list and delta; all others make another question. */
const free = new Set(['pageToken', 'syncToken', 'timeMin', 'timeMax', 'alt', 'prettyPrint', 'quotaUser', 'userIp', 'key', 'access_token', 'oauth_token', 'callback']);

/** The parameters that must stay the same, as a hash. `pages` also holds the window, which a list cannot change between its pages. */
export function questionOf(query: URLSearchParams, pages = false): string {
  const kept = [...query].filter(([name]) => !free.has(name) || (pages && (name === 'timeMin' || name === 'timeMax' || name === 'syncToken')));
  const text = kept.map(([name, value]) => JSON.stringify([name, value])).sort().join();
  return createHash('sha256').update(text).digest('base64url').slice(0, 12);
}
