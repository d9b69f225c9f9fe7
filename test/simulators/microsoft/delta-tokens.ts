// Tokens of deltas: opaque to callers, bound to a mailbox, a calendar and a window; and the rounds that are being paged through.
import { createHash } from 'node:crypto';
import { badRequest, GraphFailure } from './graph-failure.ts';
import type { Row } from './delta-rows.ts';
import type { GraphRequest } from './world.ts';

export interface DeltaToken {
  readonly oid: string;
  readonly calendarId: string;
  readonly from: number;
  readonly to: number;
  readonly generation: number;
  /** How many changes of the mailbox the caller has seen. */
  readonly seq: number;
}

/** The `seq` of one who has seen not even an empty calendar: everything is listed. */
export const nothingSeen = -1;

export interface Round {
  readonly rows: readonly Row[];
  readonly token: DeltaToken;
  readonly deltaToken: string;
  /** Places where an empty page was already given. */
  readonly blanks: Set<number>;
}

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 12);

function writeToken(token: DeltaToken): string {
  const text = Buffer.from(JSON.stringify(token)).toString('base64url');
  return `${digest(text)}_${text}`;
}

/** What a token says; throws where it is not from here, or dead. */
export function readToken(request: GraphRequest, calendarId: string, given: string): DeltaToken {
  const [check, text = ''] = [given.slice(0, 12), given.slice(13)];
  if (digest(text) !== check) throw badRequest("The delta token '<redacted>' is not valid.", 'ErrorInvalidSyncStateData');
  const token = JSON.parse(Buffer.from(text, 'base64url').toString()) as DeltaToken;
  if (token.oid !== request.mailbox.oid || token.calendarId !== calendarId) throw badRequest('The sync state does not belong to this folder.', 'ErrorInvalidSyncStateData');
  if (token.generation !== request.mailbox.tokenGeneration) throw deadToken(request);
  return token;
}

/** 410; the code is written in more than one case. */
export function deadToken(request: GraphRequest): GraphFailure {
  const { world } = request;
  const location = `${world.url()}${request.path}?$deltaToken=`;
  if (world.behaviour.deadTokenCode === 'resyncRequired') {
    return new GraphFailure(410, 'resyncRequired', 'Resync required. Replace any local items with the server\'s version.', { headers: { location } });
  }
  const code = world.random() < 0.5 ? 'SyncStateNotFound' : 'syncStateNotFound';
  return new GraphFailure(410, code, 'The sync state generation is not found; generation=149;[highest=157][157][155][156].', { headers: { location } });
}

const kept = 500;

/** Rounds being paged through. The oldest are forgotten, as Graph's cache forgets. */
export function roundBook(): {
  byId: ReadonlyMap<string, Round>;
  open(input: { rows: readonly Row[]; next: DeltaToken }): string;
  find(request: GraphRequest, calendarId: string, skiptoken: string): { id: string; at: number; rounds: ReadonlyMap<string, Round> };
} {
  const byId = new Map<string, Round>();
  let count = 0;
  return {
    byId,
    open: ({ rows, next }) => {
      const deltaToken = writeToken(next);
      const id = digest(`${(count += 1)}${deltaToken}`);
      byId.set(id, { rows, token: next, deltaToken, blanks: new Set() });
      const [oldest] = byId.keys();
      if (byId.size > kept && oldest !== undefined) byId.delete(oldest);
      return id;
    },
    find: (request, calendarId, skiptoken) => {
      const [id = '', at = ''] = skiptoken.split('.');
      const round = byId.get(id);
      if (round === undefined || round.token.generation !== request.mailbox.tokenGeneration) throw deadToken(request);
      if (round.token.oid !== request.mailbox.oid || round.token.calendarId !== calendarId || !/^\d+$/u.test(at)) throw badRequest('The skip token is not valid here.', 'ErrorInvalidSyncStateData');
      return { id, at: Number(at), rounds: byId };
    },
  };
}
