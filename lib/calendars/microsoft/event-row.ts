// Reads a row of an answer about events. Deltas cannot be asked for fewer fields: only these are ever looked at, never a text or a person.
import type { BlockingSettings, BusyFacts } from '../blocking.ts';
import { blocks, positiveRange } from '../blocking.ts';
import type { Span } from '../all-day.ts';
import { object, text } from '../json.ts';
import type { Present } from '../port.ts';
import { allDaySpan, ianaZone, readTimes } from './event-time.ts';

/** What decides whether an event blocks and which dates it covers; an occurrence takes it from its series master. */
export interface Status {
  readonly facts: BusyFacts;
  readonly allDay: boolean;
  /** Of an all-day event: IANA, of `originalStartTimeZone`; undefined where unknown. */
  readonly zone: string | undefined;
}

export type EventRow =
  | { readonly kind: 'removed'; readonly id: string }
  | { readonly kind: 'master'; readonly id: string }
  | {
      readonly kind: 'event';
      readonly id: string;
      readonly times: Span;
      /** The series that an occurrence or exception belongs to. */
      readonly series?: string;
      /** Undefined: bare, and only the series master tells. */
      readonly status: Status | undefined;
      readonly etag?: string;
      readonly modified?: number;
      readonly transactionId?: string;
    };

const known = <T>(table: Readonly<Record<string, T>>, key: unknown): T | undefined => {
  const word = text(key)?.toLowerCase();
  return word !== undefined && Object.hasOwn(table, word) ? table[word] : undefined;
};

const shown: Readonly<Record<string, BusyFacts['shown']>> = { free: 'free', workingelsewhere: 'free', busy: 'busy', tentative: 'tentative', oof: 'away' };
/** Their own events say `none` or `organizer`: nobody asked them. */
const answers: Readonly<Record<string, BusyFacts['answer']>> = {
  none: 'accepted',
  organizer: 'accepted',
  accepted: 'accepted',
  declined: 'declined',
  tentativelyaccepted: 'tentative',
  notresponded: 'unanswered',
};

/** The status that an event or series master states of itself. */
export function readStatus(value: unknown): Status {
  const event = object(value);
  const response = object(event['responseStatus'])['response'];
  const allDay = event['isAllDay'] === true;
  return {
    facts: {
      cancelled: event['isCancelled'] === true,
      marker: false,
      shown: known(shown, event['showAs']) ?? 'unknown',
      answer: response === undefined || response === null ? 'accepted' : (known(answers, response) ?? 'unanswered'),
    },
    allDay,
    // To look a zone up takes longer than all else that is read of an event.
    zone: allDay ? ianaZone(text(event['originalStartTimeZone'])) : undefined,
  };
}

const instant = (value: unknown): number | undefined => {
  const parsed = Date.parse(text(value) ?? '');
  return Number.isNaN(parsed) ? undefined : parsed;
};

/** One row; undefined where it cannot be understood, never an exception. */
export function readRow(value: unknown): EventRow | undefined {
  const event = object(value);
  const id = text(event['id']);
  if (id === undefined) return undefined;
  if (event['@removed'] !== undefined && event['@removed'] !== null) return { kind: 'removed', id };
  const type = text(event['type'])?.toLowerCase();
  if (type === 'seriesmaster') return { kind: 'master', id };
  const times = readTimes(event['start'], event['end']);
  if (times === undefined) return undefined;
  const series = text(event['seriesMasterId']);
  // https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/34
  const bare = series !== undefined && (type === 'occurrence' || text(event['showAs']) === undefined);
  const etag = text(event['@odata.etag']);
  const modified = instant(event['lastModifiedDateTime']);
  const transactionId = text(event['transactionId']);
  return {
    kind: 'event',
    id,
    times,
    status: bare ? undefined : readStatus(event),
    ...(series === undefined ? {} : { series }),
    ...(etag === undefined ? {} : { etag }),
    ...(modified === undefined ? {} : { modified }),
    ...(transactionId === undefined ? {} : { transactionId }),
  };
}

export interface ReadingRules {
  /** IANA zone of all-day events whose own is unknown. */
  readonly zone: string | undefined;
  readonly blocking?: BlockingSettings;
}

/** The instants that an event takes. */
export const spanOf = (times: Span, { allDay, zone }: Pick<Status, 'allDay' | 'zone'>, fallback: string | undefined): Span =>
  allDay ? allDaySpan(times, zone ?? fallback) : positiveRange(times.start, times.end);

/** A row under the status that holds for it. */
export function presentOf(row: EventRow & { kind: 'event' }, status: Status, rules: ReadingRules): Present {
  const { id, times, series, etag, modified, transactionId } = row;
  return {
    kind: 'present',
    id,
    ...spanOf(times, status, rules.zone),
    blocks: blocks(status.facts, rules.blocking),
    ...(series === undefined ? {} : { series }),
    ...(etag === undefined ? {} : { etag }),
    ...(modified === undefined ? {} : { modified }),
    ...(transactionId === undefined ? {} : { transactionId }),
  };
}
