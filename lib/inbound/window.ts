import type { Window } from '../calendars/port.ts';
import { days } from '../platform/clock.ts';

/** Days of bookable time that are promised, behind and ahead of now. */
export interface WindowDays {
  readonly back: number;
  readonly ahead: number;
}

/** Listed further than promised: the window rolls once a week, and never ends before the promise does. */
const rollDays = 7;

export const listedWindow = ({ back, ahead }: WindowDays, now: number): Window => ({ from: now - days(back), to: now + days(ahead + rollDays) });

/** Overlap decides, not start: an event of several days that began before the window still blocks. */
export const overlaps = (span: { start: number; end: number }, window: Window): boolean => span.start < window.to && span.end > window.from;
