// A calendar export as Google, Outlook or Apple writes it: the same kind of events in three handwritings.
import type { Random } from '../../lib/platform/clock.ts';
import { instantOfWall, wallText } from '../simulators/zones.ts';
import { dialects } from './export-dialects.ts';
import type { DialectName } from './export-dialects.ts';
import { endsTheSameDay, planEvents } from './planned-events.ts';
import type { PlannedEvent } from './planned-events.ts';

export type { DialectName } from './export-dialects.ts';

export interface ExportRequest {
  readonly dialect: DialectName;
  readonly random: Random;
  /** 500 unless given; changed instances come on top. */
  readonly events?: number;
  /** The events lie within a year of this instant; mid-2026 unless given. */
  readonly around?: number;
}

/** The calendar's own zone, and its owner's address, in every export. */
export const exportZone = 'Europe/Berlin';
export const exportOwner = 'pat@example.com';

/** The text of an .ics file; the same for the same random numbers. */
export function realExport(request: ExportRequest): string {
  const { dialect, random, events = 500, around = Date.UTC(2026, 6, 1) } = request;
  const planned = planEvents({ events, around, random });
  const writer = dialects[dialect];
  const body = planned.flatMap((event) => [vevent(event, dialect), ...event.changes.filter((change) => !removes(change, dialect)).map((change) => vevent(event, dialect, change))]);
  const lines = ['BEGIN:VCALENDAR', ...writer.header, ...writer.zones, ...body.flat(), ...writer.footer, 'END:VCALENDAR', ''];
  return lines.map((line) => fold(line, writer.foldWith)).join('\r\n');
}

type Change = PlannedEvent['changes'][number];

/** Google writes a cancelled instance as an EXDATE or as a cancelled override, the others as an EXDATE. */
const removes = (change: Change, dialect: DialectName): boolean => change.cancelled && (dialect !== 'google' || change.original % 2 === 0);

function vevent(event: PlannedEvent, dialect: DialectName, change?: Change): string[] {
  const writer = dialects[dialect];
  const recurring = event.rule !== '' || event.added.length > 0;
  const time = (name: string, wall: number): string => timeLine({ name, wall, event, dialect, recurring });
  const { start, end } = change ?? event;
  const inDuration = dialect === 'apple' && event.n % 3 === 0 && (event.allDay || endsTheSameDay({ start, end }));
  return [
    'BEGIN:VEVENT',
    time('DTSTART', start),
    inDuration ? `DURATION:${durationText(end - start, event.allDay)}` : time('DTEND', end),
    ...(change === undefined ? recurrenceLines(event, dialect, time) : [time('RECURRENCE-ID', change.original)]),
    'DTSTAMP:20260615T101530Z',
    `UID:${dialect}-${event.n}@example.com`,
    `SEQUENCE:${change === undefined ? 0 : 1}`,
    `SUMMARY:${escape(event.title)}`,
    ...writer.facts(event, change?.cancelled === true),
    'END:VEVENT',
  ];
}

function recurrenceLines(event: PlannedEvent, dialect: DialectName, time: (name: string, wall: number) => string): string[] {
  if (event.rule === '') return [];
  const ends = event.count === undefined ? '' : `;COUNT=${event.count}`;
  const until = event.until === undefined ? '' : `;UNTIL=${untilText(event, event.until, dialect)}`;
  const removed = [...event.removed, ...event.changes.filter((change) => removes(change, dialect)).map((change) => change.original)];
  const lines = [`RRULE:${event.rule}${until}${ends}`, ...event.added.map((wall) => time('RDATE', wall))];
  if (removed.length === 0) return lines;
  // Outlook lists all dates in one line, the others write one line each.
  if (dialect !== 'outlook') return [...lines, ...removed.map((wall) => time('EXDATE', wall))];
  const all = removed.map((wall) => time('EXDATE', wall));
  return [...lines, [all[0], ...all.slice(1).map((line) => line.slice(line.lastIndexOf(':') + 1))].join(',')];
}

const compact = (wall: number): string => wallText(wall).replaceAll(/[-:]/g, '');
const zoneOf = (event: PlannedEvent): string => (event.floating ? exportZone : event.zone);

function untilText(event: PlannedEvent, until: number, dialect: DialectName): string {
  if (event.allDay) return compact(until).slice(0, 8);
  if (event.floating && dialect === 'apple') return compact(until);
  return `${compact(instantOfWall(until, zoneOf(event)))}Z`;
}

function timeLine(at: { name: string; wall: number; event: PlannedEvent; dialect: DialectName; recurring: boolean }): string {
  const { name, wall, event, dialect, recurring } = at;
  if (event.allDay) return `${name};VALUE=DATE:${compact(wall).slice(0, 8)}`;
  if (event.floating && dialect === 'apple') return `${name}:${compact(wall)}`;
  // Google writes single events in UTC.
  if (dialect === 'google' && !recurring) return `${name}:${compact(instantOfWall(wall, zoneOf(event)))}Z`;
  return `${name};TZID=${dialects[dialect].tzid(zoneOf(event), event.n)}:${compact(wall)}`;
}

function durationText(length: number, allDay: boolean): string {
  if (allDay) return `P${length / 86_400_000}D`;
  const minutes = length / 60_000;
  return `PT${Math.floor(minutes / 60)}H${minutes % 60}M`;
}

const escape = (text: string): string => text.replaceAll(/[\\;,]/g, '\\$&');

/** At 75 bytes, never within a character. */
function fold(line: string, space: string): string {
  const pieces: string[] = [];
  let piece = '';
  let size = 0;
  for (const character of line) {
    const bytes = Buffer.byteLength(character);
    if (size + bytes > 75) {
      pieces.push(piece);
      piece = '';
      size = 1;
    }
    piece += character;
    size += bytes;
  }
  return [...pieces, piece].join(`\r\n${space}`);
}
