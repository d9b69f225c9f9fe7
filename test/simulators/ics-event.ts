// One VEVENT of an export as a neutral event: times in IANA zones, recurrence as checked lines.
import { IcsError } from './ics-lines.ts';
import type { Component } from './ics-lines.ts';
import { durationOf, properties, rawValue, single, textOf, timeOf, timesOf } from './ics-values.ts';
import type { IcsTime, Property } from './ics-values.ts';
import type { ResolveZone } from './ics-zones.ts';
import { checkRules, RecurrenceError } from './recurrence.ts';
import { toInstant, toLocal, wallOf, wallText } from './zones.ts';
import type { LocalStart } from './zones.ts';

export type BusyStatus = 'free' | 'tentative' | 'busy' | 'oof' | 'workingElsewhere';

/** What a single event and an instance of a series have in common. */
export interface EventFacts {
  readonly title: string;
  readonly start: LocalStart;
  /** Exclusive; kept as written, also where it lies before the start. */
  readonly end: LocalStart;
  readonly transparent: boolean;
  readonly status: 'confirmed' | 'tentative' | 'cancelled';
  /** X-MICROSOFT-CDO-BUSYSTATUS */
  readonly busyStatus?: BusyStatus;
  readonly selfDeclined?: boolean;
}

/** A VEVENT before masters and overrides have found each other. */
export interface ReadEvent {
  readonly line: number;
  readonly uid: string;
  readonly sequence: number;
  readonly facts: EventFacts;
  readonly rules: string[];
  /** RDATE periods whose length is their own. */
  readonly periods: readonly { readonly start: LocalStart; readonly end: LocalStart }[];
  readonly recurrence?: IcsTime;
}

export interface Context {
  readonly resolve: ResolveZone;
  /** Of floating times. */
  readonly zone: string;
  /** Mail address of the calendar's owner, in lower case, where the file tells it. */
  readonly owner?: string;
}

/** Reads one VEVENT; throws IcsError. */
export function readEvent(component: Component, context: Context): ReadEvent {
  const recurrence = single(component, 'RECURRENCE-ID');
  const status = statusOf(component);
  const started = single(component, 'DTSTART') ?? (status === 'cancelled' ? recurrence : undefined);
  if (started === undefined) throw new IcsError(component.line, 'The event that begins here has no DTSTART: give it a start, or remove it.');
  const start = localOf(timeOf(started.values[0], started), context);
  const range = recurrence?.parameters['range'];
  if (recurrence !== undefined && range !== undefined) throw new IcsError(recurrence.line, `RECURRENCE-ID with RANGE=${String(range)} changes many instances at once, which is not read: split the series in the calendar and export again.`);
  const facts = {
    title: textOf(component, 'SUMMARY') ?? '',
    start,
    end: endOf(component, start, context),
    status,
    ...visibility(component, context.owner),
  };
  return {
    line: component.line,
    uid: textOf(component, 'UID')?.trim() || `no-uid-line-${component.line}`,
    sequence: Number(properties(component, 'SEQUENCE')[0]?.values[0]) || 0,
    facts,
    ...(recurrence === undefined ? { ...readRecurrence(component, start, context) } : { rules: [], periods: [], recurrence: timeOf(recurrence.values[0], recurrence) }),
  };
}

/** A time of the file as wall clock in an IANA zone, or as a date. */
export function localOf(time: IcsTime, context: Context): LocalStart {
  if (time.dateOnly) return { date: time.text };
  const zone = time.utc ? 'UTC' : time.tzid === undefined ? context.zone : context.resolve(time.tzid, time.line);
  return { dateTime: time.text, zone };
}

const day = 86_400_000;
const dateOf = (wall: number): string => wallText(wall).slice(0, 10);

function endOf(component: Component, start: LocalStart, context: Context): LocalStart {
  const ended = single(component, 'DTEND');
  if (ended !== undefined) return alike(localOf(timeOf(ended.values[0], ended), context), start);
  const lasting = single(component, 'DURATION');
  if (lasting !== undefined) return later(start, lasting.values[0], lasting);
  return 'date' in start ? { date: dateOf(wallOf(start.date) + day) } : start;
}

/** Start and end must both be dates or both times; where a file mixes them, the start tells which. */
function alike(end: LocalStart, start: LocalStart): LocalStart {
  if ('date' in start && 'dateTime' in end) return { date: dateOf(Math.ceil(wallOf(end.dateTime) / day) * day) };
  if ('dateTime' in start && 'date' in end) return { dateTime: `${end.date}T00:00:00`, zone: start.zone };
  return end;
}

function later(start: LocalStart, value: unknown, from: Property): LocalStart {
  const { days, exact } = durationOf(value, from);
  if ('date' in start) return { date: dateOf(Math.ceil((wallOf(start.date) + days + exact) / day) * day) };
  const dateTime = wallText(wallOf(start.dateTime) + days);
  if (exact === 0) return { dateTime, zone: start.zone };
  return { dateTime: toLocal(toInstant({ dateTime, zone: start.zone }, start.zone) + exact, start.zone), zone: start.zone };
}

function statusOf(component: Component): EventFacts['status'] {
  const status = textOf(component, 'STATUS')?.trim().toUpperCase();
  return status === 'CANCELLED' ? 'cancelled' : status === 'TENTATIVE' ? 'tentative' : 'confirmed';
}

const busyStatuses: ReadonlyMap<string, BusyStatus> = new Map([
  ['FREE', 'free'],
  ['TENTATIVE', 'tentative'],
  ['BUSY', 'busy'],
  ['OOF', 'oof'],
  ['WORKINGELSEWHERE', 'workingElsewhere'],
]);

function visibility(component: Component, owner: string | undefined): Pick<EventFacts, 'transparent' | 'busyStatus' | 'selfDeclined'> {
  const transparency = textOf(component, 'TRANSP')?.trim().toUpperCase();
  const busyStatus = busyStatuses.get(textOf(component, 'X-MICROSOFT-CDO-BUSYSTATUS')?.trim().toUpperCase() ?? '');
  const declined = owner !== undefined && properties(component, 'ATTENDEE').some((attendee) => isDeclinedBy(attendee, owner));
  return {
    transparent: transparency === 'TRANSPARENT' || (transparency === undefined && busyStatus === 'free'),
    ...(busyStatus === undefined ? {} : { busyStatus }),
    ...(declined ? { selfDeclined: true } : {}),
  };
}

function isDeclinedBy(attendee: Property, owner: string): boolean {
  const address = String(attendee.values[0] ?? '').toLowerCase();
  return address === `mailto:${owner}` && String(attendee.parameters['partstat'] ?? '').toUpperCase() === 'DECLINED';
}

function readRecurrence(component: Component, start: LocalStart, context: Context): Pick<ReadEvent, 'rules' | 'periods'> {
  const rules: string[] = [];
  for (const line of component.lines) if (line.name === 'RRULE' || line.name === 'EXRULE') rules.push(checked(`${line.name}:${rawValue(line).replace(/;$/, '')}`, line.line));
  for (const dates of properties(component, 'RDATE')) for (const time of timesOf(dates)) rules.push(dateLine('RDATE', dateInSeries(time, start, context)));
  for (const dates of properties(component, 'EXDATE')) for (const time of timesOf(dates)) rules.push(dateLine('EXDATE', 'date' in start ? dateInSeries(time, start, context) : localOf(time, context)));
  return { rules, periods: properties(component, 'RDATE').flatMap((dates) => periodsOf(dates, start, context)) };
}

function checked(rule: string, line: number): string {
  try {
    checkRules([rule]);
    return rule;
  } catch (error) {
    if (!(error instanceof RecurrenceError)) throw error;
    throw new IcsError(line, `The recurrence cannot be read, as ${error.message}: correct the rule, or remove the event.`);
  }
}

/** An added or named date in the kind of its series: a bare date in a timed series is that day at the series' time. */
export function dateInSeries(time: IcsTime, start: LocalStart, context: Context): LocalStart {
  const local = localOf(time, context);
  if ('dateTime' in start) return 'date' in local ? { dateTime: `${local.date}T${start.dateTime.slice(11)}`, zone: start.zone } : local;
  if ('date' in local) return local;
  // Midnight in UTC terms belongs to the day that it is where the calendar lives.
  return { date: (time.utc ? toLocal(toInstant(local, 'UTC'), context.zone) : local.dateTime).slice(0, 10) };
}

function dateLine(name: 'RDATE' | 'EXDATE', local: LocalStart): string {
  const compact = ('date' in local ? local.date : local.dateTime).replaceAll(/[-:]/g, '');
  if ('date' in local) return `${name};VALUE=DATE:${compact}`;
  return local.zone === 'UTC' ? `${name}:${compact}Z` : `${name};TZID=${local.zone}:${compact}`;
}

function periodsOf(dates: Property, start: LocalStart, context: Context): ReadEvent['periods'] {
  if (dates.type !== 'period') return [];
  return dates.values.map((value) => {
    const [first, second] = Array.isArray(value) ? (value as unknown[]) : [value, undefined];
    const begin = dateInSeries(timeOf(first, dates), start, context);
    const lasting = typeof second === 'string' && /^[+-]?P/i.test(second);
    return { start: begin, end: lasting ? later(begin, second, dates) : alike(localOf(timeOf(second, dates), context), begin) };
  });
}
