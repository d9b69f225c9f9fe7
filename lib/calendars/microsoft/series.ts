import { object, text } from '../json.ts';
import type { Present, SeriesSet, Window } from '../port.ts';
import type { GraphCall } from './call.ts';
import { bodyOf } from './call.ts';
import type { EventRow, ReadingRules, Status } from './event-row.ts';
import { presentOf, readRow, readStatus } from './event-row.ts';
import { isMissing, isMissingError, malformed } from './fault.ts';
import { pagesFrom } from './pages.ts';
import { eventPath, windowQuery } from './paths.ts';

const statusFields = 'id,type,showAs,isCancelled,responseStatus,isAllDay,originalStartTimeZone';
const instanceFields = `${statusFields},seriesMasterId,start,end,lastModifiedDateTime,transactionId`;

/** What the series masters of one round say; each is asked once, and only when a row needs it. */
export interface SeriesReader {
  /** The row as it stands; undefined where it takes its status from a series that is gone. */
  present(row: EventRow & { kind: 'event' }): Promise<Present | undefined>;
  /** All that the series has in the window; empty where the series is gone. */
  instances(series: string, window: Window): Promise<SeriesSet>;
}

/** The status of a series; undefined where there is no such event any more. */
async function readMaster(call: GraphCall, series: string): Promise<Status | undefined> {
  const answer = await call({ method: 'get', url: `${eventPath(series)}?$select=${statusFields}` });
  if (isMissing(answer)) return undefined;
  const master = bodyOf(answer);
  if (text(object(master)['id']) === undefined) throw malformed('event');
  return readStatus(master);
}

export function seriesReader(call: GraphCall, rules: ReadingRules): SeriesReader {
  const masters = new Map<string, Status | undefined>();
  const statusOf = async (series: string): Promise<Status | undefined> => {
    if (!masters.has(series)) masters.set(series, await readMaster(call, series));
    return masters.get(series);
  };

  const present: SeriesReader['present'] = async (row) => {
    const status = row.status ?? (row.series === undefined ? undefined : await statusOf(row.series));
    return status === undefined ? undefined : presentOf(row, status, rules);
  };

  const listInstances = async (series: string, window: Window): Promise<readonly Present[]> => {
    const members: Present[] = [];
    for await (const { rows } of pagesFrom(call, `${eventPath(series)}/instances?${windowQuery(window)}&$select=${instanceFields}`)) {
      for (const value of rows) {
        const row = readRow({ ...object(value), seriesMasterId: series });
        if (row?.kind !== 'event') throw malformed('event');
        const member = await present(row);
        if (member !== undefined) members.push(member);
      }
    }
    return members;
  };

  const instances: SeriesReader['instances'] = async (series, window) => {
    try {
      return { kind: 'series', series, members: await listInstances(series, window) };
    } catch (error) {
      if (isMissingError(error)) return { kind: 'series', series, members: [] };
      throw error;
    }
  };
  return { present, instances };
}
