// The independent opinion: what ical.js itself makes of an export, with the zones of the file's own VTIMEZONEs.
import ICAL from 'ical.js';

export interface Expanded {
  readonly start: number;
  readonly end: number;
  readonly title: string;
  readonly transparent: boolean;
}

export interface ExpansionRequest {
  readonly from: number;
  readonly to: number;
  /** TZID, within the file, of whole days and floating times. */
  readonly floatingZone: string;
  /** Which of what is not cancelled to give back, by its own VEVENT; all unless given. */
  readonly counts?: (event: ICAL.Component) => boolean;
}

const day = 86_400_000;

/** Everything that overlaps the window and is not cancelled, in no order. */
export function expandByIcalJs(text: string, request: ExpansionRequest): Expanded[] {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const zones = new Map(calendar.getAllSubcomponents('vtimezone').map((definition) => [String(definition.getFirstPropertyValue('tzid')), new ICAL.Timezone(definition)]));
  // Outlook knows the calendar's own zone by its Windows name.
  const floating = zones.get(request.floatingZone) ?? zones.get('W. Europe Standard Time');
  if (floating === undefined) throw new Error(`the file defines no ${request.floatingZone}`);
  return mastersOf(calendar).flatMap((master) => expandEvent(master, { ...request, floating }));
}

function mastersOf(calendar: ICAL.Component): ICAL.Event[] {
  const parts = calendar.getAllSubcomponents('vevent');
  const exceptions = new Map<string, ICAL.Component[]>();
  for (const part of parts) {
    if (!part.hasProperty('recurrence-id')) continue;
    const uid = String(part.getFirstPropertyValue('uid'));
    exceptions.set(uid, [...(exceptions.get(uid) ?? []), part]);
  }
  return parts
    .filter((part) => !part.hasProperty('recurrence-id'))
    .map((part) => new ICAL.Event(part, { exceptions: exceptions.get(String(part.getFirstPropertyValue('uid'))) ?? [], strictExceptions: true }));
}

function expandEvent(event: ICAL.Event, request: ExpansionRequest & { floating: ICAL.Timezone }): Expanded[] {
  const found: Expanded[] = [];
  // For an event without recurrence ical.js would add the exact length on the wall clock, an hour off across a change of the clock.
  if (!event.isRecurring()) return visible(event, { startDate: event.startDate, endDate: event.endDate }, request);
  const steps = event.iterator();
  for (let next: ICAL.Time | undefined = steps.next(); next !== undefined; next = steps.next()) {
    if (instantOf(next, request.floating) > request.to + 90 * day) break;
    const details = event.getOccurrenceDetails(next);
    found.push(...visible(details.item, details, request));
  }
  return found;
}

function visible(item: ICAL.Event, dates: { startDate: ICAL.Time; endDate: ICAL.Time }, request: ExpansionRequest & { floating: ICAL.Timezone }): Expanded[] {
  const start = instantOf(dates.startDate, request.floating);
  const end = instantOf(dates.endDate, request.floating);
  const status = item.component.getFirstPropertyValue('status');
  if (status === 'CANCELLED' || start >= request.to || end <= request.from || request.counts?.(item.component) === false) return [];
  return [{ start, end, title: item.summary, transparent: item.component.getFirstPropertyValue('transp') === 'TRANSPARENT' }];
}

function instantOf(time: ICAL.Time, floating: ICAL.Timezone): number {
  const zoned = time.clone();
  if (zoned.isDate || zoned.zone === ICAL.Timezone.localTimezone) {
    zoned.isDate = false;
    zoned.zone = floating;
  }
  return zoned.toUnixTime() * 1000;
}
