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
  const steps = event.iterator();
  for (let next: ICAL.Time | undefined = steps.next(); next !== undefined; next = steps.next()) {
    if (instantOf(next, request.floating) > request.to + 90 * day) break;
    const { item, startDate, endDate } = event.getOccurrenceDetails(next);
    const start = instantOf(startDate, request.floating);
    const end = instantOf(endDate, request.floating);
    const status = item.component.getFirstPropertyValue('status');
    if (status === 'CANCELLED' || start >= request.to || end <= request.from) continue;
    found.push({ start, end, title: item.summary, transparent: item.component.getFirstPropertyValue('transp') === 'TRANSPARENT' });
  }
  return found;
}

function instantOf(time: ICAL.Time, floating: ICAL.Timezone): number {
  const zoned = time.clone();
  if (zoned.isDate || zoned.zone === ICAL.Timezone.localTimezone) {
    zoned.isDate = false;
    zoned.zone = floating;
  }
  return zoned.toUnixTime() * 1000;
}
