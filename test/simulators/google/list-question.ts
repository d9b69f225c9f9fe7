// The parameters of events.list, read as strictly as Google reads them. What it does not know it ignores.
import { isZone } from '../zones.ts';
import { readTimestamp } from './event-times.ts';
import { GoogleFault, invalid, timeRangeEmpty } from './google-fault.ts';

export interface ListQuestion {
  readonly singleEvents: boolean;
  readonly showDeleted: boolean;
  readonly maxResults: number;
  readonly timeMin?: number;
  readonly timeMax?: number;
  readonly updatedMin?: number;
  readonly zone?: string;
  readonly maxAttendees?: number;
  readonly eventTypes?: readonly string[];
  readonly iCalUID?: string;
  readonly q?: string;
  readonly orderBy?: 'startTime' | 'updated';
  readonly privateProperties: readonly [string, string][];
  readonly sharedProperties: readonly [string, string][];
  readonly syncToken?: string;
  readonly pageToken?: string;
}

/** https://developers.google.com/workspace/calendar/api/v3/reference/events/list#syncToken */
const forbiddenWithSyncToken = ['iCalUID', 'orderBy', 'privateExtendedProperty', 'q', 'sharedExtendedProperty', 'timeMin', 'timeMax', 'updatedMin'];
const eventTypes = ['birthday', 'default', 'focusTime', 'fromGmail', 'outOfOffice', 'workingLocation'];

const badValue = (name: string, value: string): GoogleFault =>
  new GoogleFault(400, 'invalidParameter', { message: `Invalid value for parameter ${name}: ${value}`, location: name });

function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name) ?? 'false';
  if (value !== 'true' && value !== 'false') throw badValue(name, value);
  return value === 'true';
}

function count(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  if (!/^\d{1,9}$/.test(value) || Number(value) < 1) throw badValue(name, value);
  return Number(value);
}

function time(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  const at = readTimestamp(value);
  if (at === undefined) throw new GoogleFault(400, 'badRequest', { message: 'Bad Request', location: name });
  return at;
}

const pairs = (query: URLSearchParams, name: string): [string, string][] =>
  query.getAll(name).map((value) => {
    const at = value.indexOf('=');
    if (at < 1) throw badValue(name, value);
    return [value.slice(0, at), value.slice(at + 1)];
  });

function orderOf(query: URLSearchParams, singleEvents: boolean): ListQuestion['orderBy'] {
  const value = query.get('orderBy');
  if (value === null) return undefined;
  if (value !== 'startTime' && value !== 'updated') throw badValue('orderBy', value);
  if (value === 'startTime' && !singleEvents) throw new GoogleFault(400, 'badRequest', { message: 'The requested ordering is not available for the particular query.', location: 'orderBy' });
  return value;
}

function zoneOf(query: URLSearchParams): string | undefined {
  const value = query.get('timeZone');
  if (value !== null && !isZone(value)) throw badValue('timeZone', value);
  return value ?? undefined;
}

function checkDelta(query: URLSearchParams): void {
  if (!query.has('syncToken')) return;
  const wrong = forbiddenWithSyncToken.find((name) => query.has(name));
  if (wrong !== undefined) throw new GoogleFault(400, 'badRequest', { message: `The ${wrong} parameter cannot be used together with a sync token.`, location: wrong });
  if (query.get('showDeleted') === 'false') throw new GoogleFault(400, 'badRequest', { message: 'Sync token cannot be combined with showDeleted=false.', location: 'showDeleted' });
}

const given = <K extends string, T>(key: K, value: T | null | undefined): { [key in K]?: T } => (value === undefined || value === null ? {} : ({ [key]: value } as { [key in K]: T }));

/** Reads the question; throws GoogleFault 400 for a bad one. */
export function readListQuestion(query: URLSearchParams): ListQuestion {
  checkDelta(query);
  const singleEvents = flag(query, 'singleEvents');
  const [timeMin, timeMax] = [time(query, 'timeMin'), time(query, 'timeMax')];
  if (timeMin !== undefined && timeMax !== undefined && timeMin >= timeMax) throw timeRangeEmpty();
  const types = query.getAll('eventTypes');
  const unknown = types.find((type) => !eventTypes.includes(type));
  if (unknown !== undefined) throw badValue('eventTypes', unknown);
  flag(query, 'showHiddenInvitations');
  if (query.get('pageToken') === '') throw invalid('Invalid page token value.', 'pageToken');
  return {
    singleEvents,
    showDeleted: flag(query, 'showDeleted'),
    maxResults: Math.min(count(query, 'maxResults') ?? 250, 2500),
    privateProperties: pairs(query, 'privateExtendedProperty'),
    sharedProperties: pairs(query, 'sharedExtendedProperty'),
    ...given('timeMin', timeMin),
    ...given('timeMax', timeMax),
    ...given('updatedMin', time(query, 'updatedMin')),
    ...given('zone', zoneOf(query)),
    ...given('maxAttendees', count(query, 'maxAttendees')),
    ...given('eventTypes', types.length === 0 ? undefined : types),
    ...given('iCalUID', query.get('iCalUID')),
    ...given('q', query.get('q')?.toLowerCase()),
    ...given('orderBy', orderOf(query, singleEvents)),
    ...given('syncToken', query.get('syncToken')),
    ...given('pageToken', query.get('pageToken')),
  };
}

/** A narrowed or sorted list ends without a sync token. */
export const givesSyncToken = (question: ListQuestion): boolean =>
  [question.iCalUID, question.q, question.orderBy, question.updatedMin].every((value) => value === undefined) && question.privateProperties.length + question.sharedProperties.length === 0;
