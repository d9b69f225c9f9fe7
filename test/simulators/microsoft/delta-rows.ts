// Which rows a round of a delta has: decided when the round begins, so that its pages fit together.
import type { Random } from '../../../lib/platform/clock.ts';
import { nothingSeen } from './delta-tokens.ts';
import type { DeltaToken } from './delta-tokens.ts';
import { eventId } from './event-ids.ts';
import type { Shown } from './event-json.ts';
import type { SimEvent, View } from './event-model.ts';
import { viewOf } from './event-model.ts';
import { shownIn } from './instances.ts';
import type { Version } from './mailbox.ts';
import type { GraphRequest } from './world.ts';

export type Row = { readonly kind: 'shown'; readonly view: View } | { readonly kind: 'removed'; readonly typed: boolean; readonly id: (shown: Shown) => string };

/** All of the window for a first round, else what changed since the token; up to and with change `upTo`. */
export function deltaRows(request: GraphRequest, token: DeltaToken, upTo: number): Row[] {
  const { mailbox, world } = request;
  const keys = token.seq === nothingSeen ? [...mailbox.keys()] : mailbox.changedBetween(token.seq, upTo);
  const rows = keys.flatMap((key) => {
    const now = mailbox.asOf(key, upTo);
    if (now === undefined || now.event.calendarId !== token.calendarId) return [];
    if (token.seq === nothingSeen) return now.deleted ? [] : listed(request, now.event, token);
    return changes(request, token, { now, before: mailbox.asOf(key, token.seq) });
  });
  return world.behaviour.shuffled ? shuffle(rows, world.random) : rows;
}

function changes(request: GraphRequest, token: DeltaToken, { now, before }: { now: Version; before: Version | undefined }): Row[] {
  const { behaviour } = request.world;
  const was = before === undefined || before.deleted ? [] : shownIn(before.event, token);
  const shown = now.deleted ? [] : alive(request, now.event, token);
  const views = viewsOf(shown);
  const lost = lostInstances(was, views);
  if (views.length === 0) {
    // Deleted, or outside the window: told alike, even to one who never saw the event.
    const instances = now.event.series !== undefined && behaviour.masterTombstoneOnly ? [] : lost;
    return [removed(request, now.event), ...instances.map((view) => removed(request, now.event, view.occurrence))];
  }
  const left = movedOut(now.event, before?.event, views).concat(behaviour.occurrenceTombstones ? lost.flatMap((view) => view.occurrence ?? []) : []);
  return [...shown, ...replays(request, was, views), ...[...new Set(left)].map((key) => removed(request, now.event, key))];
}

function listed(request: GraphRequest, event: SimEvent, window: DeltaToken): Row[] {
  const rows = alive(request, event, window);
  return [...rows, ...replays(request, [], viewsOf(rows))];
}

const viewsOf = (rows: readonly Row[]): View[] => rows.flatMap((row) => (row.kind === 'shown' ? [row.view] : []));

function alive(request: GraphRequest, event: SimEvent, window: DeltaToken): Row[] {
  const views = shownIn(event, window);
  const master = event.series !== undefined && views.length > 0 && request.world.behaviour.seriesMasterRows ? [viewOf(event)] : [];
  return [...master, ...views].map((view) => ({ kind: 'shown', view }));
}

const lostInstances = (was: readonly View[], now: readonly View[]): View[] => {
  const still = new Set(now.map((view) => view.occurrence));
  return was.filter((view) => view.occurrence !== undefined && !still.has(view.occurrence));
};

/** Instances that were moved out of the window, or changed out there. */
function movedOut(now: SimEvent, before: SimEvent | undefined, views: readonly View[]): string[] {
  const shown = new Set(views.map((view) => view.occurrence));
  const exceptions = [...(now.series?.exceptions ?? [])];
  return exceptions.filter(([key, item]) => before?.series?.exceptions.get(key) !== item && !shown.has(key)).map(([key]) => key);
}

/** Graph may give an entity more than once in a round, an older state among them. */
function replays(request: GraphRequest, was: readonly View[], now: readonly View[]): Row[] {
  const { behaviour, random } = request.world;
  if (behaviour.replays === 0) return [];
  const before = new Map(was.map((view) => [view.occurrence, view]));
  return now.filter(() => random() < behaviour.replays).map((view) => ({ kind: 'shown', view: before.get(view.occurrence) ?? view }));
}

/** Some tombstones say of what type they are, some do not. */
function removed(request: GraphRequest, event: SimEvent, occurrence?: string): Row {
  const name = { key: event.key, ...(occurrence === undefined ? {} : { occurrence }) };
  return { kind: 'removed', typed: request.world.random() < 0.5, id: (shown) => eventId(shown.mailbox.idPart, name, shown.prefer.idForm) };
}

function shuffle(rows: readonly Row[], random: Random): Row[] {
  return rows.map((row) => ({ row, at: random() })).sort((a, b) => a.at - b.at).map(({ row }) => row);
}
