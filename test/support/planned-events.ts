// What a busy professional's calendar holds over two years, before any export dialect writes it down.
import type { Random } from '../../lib/platform/clock.ts';

/** Wall clocks are milliseconds as if UTC. */
export interface PlannedEvent {
  readonly n: number;
  readonly title: string;
  readonly zone: string;
  /** In the calendar's own time, without a zone: only Apple writes it. */
  readonly floating: boolean;
  readonly allDay: boolean;
  readonly start: number;
  readonly end: number;
  readonly shows: 'busy' | 'free' | 'tentative' | 'oof' | 'workingElsewhere';
  readonly cancelled: boolean;
  readonly declined: boolean;
  /** RRULE without COUNT and UNTIL; empty = once. */
  readonly rule: string;
  readonly count?: number;
  /** The last start that UNTIL admits. */
  readonly until?: number;
  readonly added: readonly number[];
  readonly removed: readonly number[];
  readonly changes: readonly { readonly original: number; readonly cancelled: boolean; readonly start: number; readonly end: number }[];
}

export interface Plan {
  readonly events: number;
  readonly around: number;
  readonly random: Random;
}

const hour = 3_600_000;
const day = 24 * hour;

/** Plans that many events, from a year before `around` to a year after, most of them near it. */
export function planEvents(plan: Plan): PlannedEvent[] {
  return Array.from({ length: plan.events }, (_, n) => planEvent(n, dice(plan.random), plan.around));
}

interface Dice {
  chance(probability: number): boolean;
  /** From low to high, both included. */
  whole(low: number, high: number): number;
  pick<T>(items: readonly T[]): T;
}

function dice(random: Random): Dice {
  const whole = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
  return {
    chance: (probability) => random() < probability,
    whole,
    pick: <T>(items: readonly T[]): T => {
      const item = items[whole(0, items.length - 1)];
      if (item === undefined) throw new RangeError('nothing to pick from');
      return item;
    },
  };
}

const titles = ['Consultation', 'Team meeting, room 4; bring notes', 'Zahnarzt – Prophylaxe', 'School run', 'Pilates', 'Déjeuner avec Zoë', 'Flight to Boston', 'Focus: quarterly report and what follows from it for the next three quarters', 'Call\\with backslash', '会議'];
const lengths = [15, 25, 30, 45, 50, 60, 90, 120, 180, 480].map((minutes) => minutes * 60_000);

function planEvent(n: number, roll: Dice, around: number): PlannedEvent {
  const allDay = roll.chance(0.12);
  const midnight = Math.floor(around / day) * day + roll.whole(-365, roll.chance(0.6) ? 60 : 365) * day;
  const start = allDay ? midnight : midnight + roll.whole(6, 20) * hour + roll.pick([0, 15, 30, 45]) * 60_000;
  const length = allDay ? roll.pick([1, 1, 1, 2, 5, 14]) * day : roll.chance(0.04) ? roll.whole(20, 75) * hour : roll.pick(lengths);
  const base = {
    n,
    title: roll.pick(titles),
    zone: roll.pick(['Europe/Berlin', 'Europe/Berlin', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata']),
    floating: roll.chance(0.1),
    allDay,
    start,
    end: start + length,
    shows: roll.pick(['busy', 'busy', 'busy', 'busy', 'busy', 'free', 'tentative', 'oof', 'workingElsewhere'] as const),
    cancelled: roll.chance(0.02),
    declined: roll.chance(0.04),
  };
  if (!roll.chance(0.35)) return { ...base, rule: '', added: [], removed: [], changes: [] };
  const daily = allDay || endsTheSameDay(base) ? base : { ...base, end: start + hour };
  return { ...daily, ...planSeries(daily, roll) };
}

/**
 * Series, and events told by DURATION, end the day they began: across a change of the clock RFC 5545 keeps the exact length,
 * ical.js the wall clock, and calendars differ.
 */
export const endsTheSameDay = (event: { readonly start: number; readonly end: number }): boolean => Math.floor(event.start / day) === Math.floor((event.end - 1) / day);

const weekdays = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];
type Base = Pick<PlannedEvent, 'start' | 'end' | 'allDay'>;
type Recurrence = Pick<PlannedEvent, 'rule' | 'count' | 'until' | 'added' | 'removed' | 'changes'>;

function planSeries(base: Base, roll: Dice): Recurrence {
  const { rule, step } = roll.chance(0.7) ? planSteady(base, roll) : { rule: planCalendarRule(base, roll), step: undefined };
  const shape = roll.whole(0, 2);
  const ends = shape === 0 ? {} : shape === 1 ? { count: roll.whole(4, 60) } : { until: base.start + roll.whole(30, 500) * day };
  // Only a steady rule tells, without being expanded, on which days it falls.
  if (step === undefined) return { rule, ...ends, added: [], removed: [], changes: [] };
  const slots = [...new Set(Array.from({ length: roll.whole(0, 5) }, () => roll.whole(1, 40)))];
  const dates = slots.map((slot) => base.start + slot * step).filter((date) => (ends.count === undefined || date < base.start + ends.count * step) && (ends.until === undefined || date <= ends.until));
  const removed = dates.filter(() => roll.chance(0.4));
  const added = roll.chance(0.15) ? [base.start + roll.whole(1, 30) * day + (base.allDay ? 0 : 37 * 60_000)].filter((date) => (date - base.start) % step !== 0) : [];
  const changes = dates.filter((date) => !removed.includes(date)).map((original) => planChange(original, base, roll));
  return { rule, ...ends, added, removed, changes };
}

function planSteady(base: Base, roll: Dice): { rule: string; step: number } {
  const interval = roll.pick([1, 1, 1, 2, 3]);
  const every = interval === 1 ? '' : `;INTERVAL=${interval}`;
  // A series whose instances overlap one another is nobody's habit.
  const long = base.end - base.start >= day;
  if (!long && roll.chance(0.3)) return { rule: `FREQ=DAILY${every}`, step: interval * day };
  return { rule: `FREQ=WEEKLY${every};BYDAY=${weekdayOf(base.start)}`, step: interval * 7 * day };
}

const weekdayOf = (wall: number): string => weekdays[new Date(wall).getUTCDay()] ?? 'MO';

function planCalendarRule(base: Base, roll: Dice): string {
  const date = new Date(base.start);
  const nth = Math.ceil(date.getUTCDate() / 7);
  return roll.pick([
    `FREQ=MONTHLY;BYDAY=${nth}${weekdayOf(base.start)}`,
    `FREQ=MONTHLY;BYMONTHDAY=${date.getUTCDate()}`,
    `FREQ=YEARLY;BYMONTH=${date.getUTCMonth() + 1};BYMONTHDAY=${date.getUTCDate()}`,
    'FREQ=MONTHLY;INTERVAL=2',
    'FREQ=YEARLY',
    `FREQ=WEEKLY;WKST=SU;BYDAY=${[...new Set([weekdayOf(base.start), 'MO', 'FR'])].join(',')}`,
  ]);
}

function planChange(original: number, base: Base, roll: Dice): PlannedEvent['changes'][number] {
  const length = base.end - base.start;
  const moved = original + (base.allDay ? roll.whole(-2, 2) * day : roll.whole(-3, 3) * hour);
  const longer = base.allDay || roll.chance(0.5) ? length : length + 30 * 60_000;
  return { original, cancelled: roll.chance(0.25), start: moved, end: moved + longer };
}
