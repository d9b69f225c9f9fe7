// calendarView/delta: what a window of a calendar shows, then what changed in it, in pages.
import { bareOccurrence, fullEvent } from './event-json.ts';
import type { EventJson } from './event-json.ts';
import { applied } from './prefer.ts';
import { badRequest } from './graph-failure.ts';
import { deadToken, nothingSeen, readToken, roundBook } from './delta-tokens.ts';
import type { DeltaToken, Round } from './delta-tokens.ts';
import { deltaRows } from './delta-rows.ts';
import type { Row } from './delta-rows.ts';
import type { SimResponse } from '../simulator-server.ts';
import { shownTo, stretchOf } from './world.ts';
import type { GraphRequest } from './world.ts';

const refused = ['$select', '$expand', '$filter', '$orderby', '$search', '$top', '$skip', '$count'];

/** The handler of one simulator, with its rounds in hand. */
export function deltaHandler(): (request: GraphRequest, calendarId: string) => SimResponse {
  const rounds = roundBook();

  const begin = (request: GraphRequest, token: DeltaToken): string => {
    const upTo = request.mailbox.seqAt(request.world.clock() - request.world.behaviour.deltaLagMs);
    return rounds.open({ rows: deltaRows(request, token, Math.max(upTo, token.seq)), next: { ...token, seq: Math.max(upTo, token.seq) } });
  };

  return (request, calendarId) => {
    const bad = refused.find((name) => request.query.has(name));
    if (bad !== undefined) throw badRequest(`The query parameter '${bad}' is not supported with change tracking over the 'CalendarView' resource.`, 'ErrorInvalidUrlQuery');
    const skip = request.query.get('$skiptoken');
    if (skip !== null) return page(request, rounds.find(request, calendarId, skip));
    const given = request.query.get('$deltatoken');
    const { tokenGeneration } = request.mailbox;
    const token = given === null ? { ...stretchOf(request.query), calendarId, oid: request.mailbox.oid, generation: tokenGeneration, seq: nothingSeen } : readToken(request, calendarId, given);
    return page(request, { id: begin(request, token), at: 0, rounds: rounds.byId });
  };
}

interface Turn {
  readonly id: string;
  readonly at: number;
  readonly rounds: ReadonlyMap<string, Round>;
}

function page(request: GraphRequest, turn: Turn): SimResponse {
  const { world, prefer } = request;
  const round = turn.rounds.get(turn.id);
  if (round === undefined) throw deadToken(request);
  const size = prefer.pageSize ?? world.pageSize;
  const empty = round.rows.length > turn.at && !round.blanks.has(turn.at) && world.random() < world.behaviour.emptyPages;
  // One empty page at a place is enough: a caller that asks again must get on.
  if (empty) round.blanks.add(turn.at);
  const to = empty ? turn.at : turn.at + size;
  const value = round.rows.slice(turn.at, to).map((row) => render(request, row));
  const link = to < round.rows.length ? ['@odata.nextLink', `$skiptoken=${turn.id}.${to}`] : ['@odata.deltaLink', `$deltatoken=${round.deltaToken}`];
  return {
    status: 200,
    headers: applied(prefer, request.headers['prefer'] as string | undefined),
    body: {
      '@odata.context': `${world.url()}/v1.0/$metadata#Collection(event)`,
      [link[0] ?? '']: `${world.url()}${request.path}?${link[1]}`,
      value,
    },
  };
}

function render(request: GraphRequest, row: Row): EventJson {
  const shown = shownTo(request);
  if (row.kind === 'removed') return { ...(row.typed ? { '@odata.type': '#microsoft.graph.event' } : {}), id: row.id(shown), '@removed': { reason: 'deleted' } };
  if (row.view.type === 'occurrence') return bareOccurrence(row.view, shown);
  return { '@odata.type': '#microsoft.graph.event', ...fullEvent(row.view, shown) };
}
