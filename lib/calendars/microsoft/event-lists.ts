import type { CalendarRef, Calendars, Gone, Page, RemoteItem, SeriesSet, Window } from '../port.ts';
import { CalendarError } from '../port.ts';
import type { GraphCall } from './call.ts';
import type { EventRow, ReadingRules } from './event-row.ts';
import { readRow } from './event-row.ts';
import { foreignLink, leadsTo, malformed } from './fault.ts';
import { pagesFrom } from './pages.ts';
import { calendarPath, windowQuery } from './paths.ts';
import type { SeriesReader } from './series.ts';
import { seriesReader } from './series.ts';

export type EventLists = Pick<Calendars, 'everything' | 'changes'>;

export interface ListRules extends ReadingRules {
  /** Where the links of a cursor must lead, such as https://graph.microsoft.com. */
  readonly graphUrl: string;
}

/** The window is part of the link: a cursor goes on with that of its first round. */
const cursorPrefix = 'm1:';
const cursorOf = (deltaLink: string): string => `${cursorPrefix}${deltaLink}`;

function linkOf(cursor: string, graphUrl: string): string {
  const link = cursor.slice(cursorPrefix.length);
  if (!cursor.startsWith(cursorPrefix) || !leadsTo(graphUrl, link)) throw new CalendarError('cursor_gone', { reason: 'foreign_cursor' });
  return link;
}

/** To skip what cannot be understood could free time that is taken: the whole round fails instead. */
function understood(value: unknown): EventRow {
  const row = readRow(value);
  if (row === undefined) throw malformed('event');
  return row;
}

/** A first round has no cursor to lose: a link that fails half way is a failed list, not a reason to list again at once. */
function failedList(error: unknown): unknown {
  if (!(error instanceof CalendarError) || error.kind !== 'cursor_gone') return error;
  return new CalendarError('unavailable', { status: error.status, reason: error.reason, retryAfterMs: error.retryAfterMs });
}

async function listedItem(row: EventRow, series: SeriesReader): Promise<RemoteItem | undefined> {
  if (row.kind === 'master') return undefined;
  return row.kind === 'removed' ? { kind: 'gone', id: row.id } : await series.present(row);
}

/** The series of which a part has appeared in a round; those that may only be gone, or that are single events now, are told apart. */
class TouchedSeries {
  private readonly alive = new Set<string>();
  private readonly single = new Set<string>();
  private readonly removed = new Set<string>();

  note(row: EventRow): void {
    if (row.kind === 'removed') this.removed.add(row.id);
    else if (row.kind === 'master') this.alive.add(row.id);
    else if (row.series === undefined) this.single.add(row.id);
    else this.alive.add(row.series);
  }

  /**
   * One set each: no tombstone tells of a cancelled instance, so only the whole can. A removed id may have been a series, and a single event too:
   * it keeps its id when it is made to recur, and when it no longer does.
   */
  async sets(series: SeriesReader, window: Window): Promise<readonly (Gone | SeriesSet)[]> {
    const sets: (Gone | SeriesSet)[] = [];
    for (const id of new Set([...this.removed, ...this.single])) if (!this.alive.has(id)) sets.push({ kind: 'series', series: id, members: [] });
    for (const id of this.alive) {
      if (!this.single.has(id) && !this.removed.has(id)) sets.push({ kind: 'gone', id });
      sets.push(await series.instances(id, window));
    }
    return sets;
  }
}

/** Rounds of `calendarView/delta`, one chain for each calendar and window. */
export function eventLists(call: GraphCall, rules: ListRules): EventLists {
  const endOf = (deltaLink: string): string => {
    if (!leadsTo(rules.graphUrl, deltaLink)) throw foreignLink();
    return cursorOf(deltaLink);
  };

  async function* everything({ id }: CalendarRef, window: Window): AsyncGenerator<Page> {
    const series = seriesReader(call, rules);
    let ended = false;
    try {
      for await (const { rows, deltaLink } of pagesFrom(call, `${calendarPath(id)}/calendarView/delta?${windowQuery(window)}`)) {
        const items: RemoteItem[] = [];
        for (const value of rows) {
          const item = await listedItem(understood(value), series);
          if (item !== undefined) items.push(item);
        }
        ended = deltaLink !== undefined;
        yield deltaLink === undefined ? { items } : { items, cursor: endOf(deltaLink) };
      }
    } catch (error) {
      throw failedList(error);
    }
    if (!ended) throw malformed('round');
  }

  async function* changes(_calendar: CalendarRef, cursor: string, window: Window): AsyncGenerator<Page> {
    const series = seriesReader(call, rules);
    const touched = new TouchedSeries();
    let ended = false;
    for await (const { rows, deltaLink } of pagesFrom(call, linkOf(cursor, rules.graphUrl))) {
      const items: RemoteItem[] = [];
      for (const row of rows.map(understood)) {
        touched.note(row);
        if (row.kind === 'removed') items.push({ kind: 'gone', id: row.id });
        const alone = row.kind === 'event' && row.series === undefined ? await series.present(row) : undefined;
        if (alone !== undefined) items.push(alone);
      }
      ended = deltaLink !== undefined;
      yield deltaLink === undefined ? { items } : { items: [...items, ...(await touched.sets(series, window))], cursor: endOf(deltaLink) };
    }
    if (!ended) throw malformed('round');
  }

  return { everything, changes };
}
