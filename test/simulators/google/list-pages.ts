// A list or delta cut into pages: some short, some empty, all from the moment at which the first was asked for.
import type { Random } from '../../../lib/platform/clock.ts';
import { invalid } from './google-fault.ts';
import type { Entry } from './selections.ts';

export interface RunningList {
  readonly entries: readonly Entry[];
  /** The calendar and all parameters: a page token is only good for the same again. */
  readonly question: string;
  readonly nextSyncToken?: string;
  /** Where each page ends. */
  readonly ends: readonly number[];
}

export interface ListPages {
  begin(list: Omit<RunningList, 'ends'>, pageSize: number): ListPage;
  /** The page of a token; the same again for the same token. */
  next(pageToken: string, question: string): ListPage;
}

export interface ListPage {
  readonly entries: readonly Entry[];
  readonly nextPageToken?: string;
  readonly nextSyncToken?: string;
}

export interface PageOptions {
  readonly random: Random;
  /** How often a page is cut short or left empty. Unless said: a quarter of the pages where there is more than one. */
  readonly ragged: () => number | undefined;
}

/** Running lists that are kept; the token of an older one is unknown. */
const maxRunning = 200;

export function createListPages(options: PageOptions): ListPages {
  const running = new Map<string, RunningList>();
  let begun = 0;

  const page = (key: string, list: RunningList, index: number): ListPage => {
    const entries = list.entries.slice(index === 0 ? 0 : list.ends[index - 1], list.ends[index]);
    if (index < list.ends.length - 1) return { entries, nextPageToken: Buffer.from(`${key}:${index + 1}`).toString('base64') };
    return { entries, ...(list.nextSyncToken === undefined ? {} : { nextSyncToken: list.nextSyncToken }) };
  };

  return {
    begin: (list, pageSize) => {
      const whole = { ...list, ends: cut(list.entries.length, pageSize, options) };
      const key = `list${(begun += 1)}`;
      running.set(key, whole);
      for (const old of [...running.keys()].slice(0, Math.max(0, running.size - maxRunning))) running.delete(old);
      return page(key, whole, 0);
    },
    next: (pageToken, question) => {
      const [key = '', index = ''] = Buffer.from(pageToken, 'base64').toString('utf8').split(':');
      const list = running.get(key);
      if (list === undefined || !/^\d+$/.test(index) || Number(index) >= list.ends.length) throw invalid('Invalid page token value.', 'pageToken');
      if (list.question !== question) throw invalid('The page token belongs to a request with other parameters.', 'pageToken');
      return page(key, list, Number(index));
    },
  };
}

function cut(total: number, pageSize: number, { random, ragged }: PageOptions): number[] {
  const often = ragged() ?? (total > pageSize ? 0.25 : 0);
  const ends: number[] = [];
  let at = 0;
  let empty = false;
  do {
    const short = random() < often;
    // Never two in a row, or a seed could make an endless list.
    empty = short && random() < 0.5 && !empty;
    const size = empty ? 0 : short ? Math.max(1, Math.floor(Math.min(pageSize, total - at) * random())) : pageSize;
    at = Math.min(total, at + size);
    ends.push(at);
  } while (at < total);
  // Also the end can come late: everything was told, and still there is one more page.
  if (random() < often / 2) ends.push(total);
  return ends;
}
