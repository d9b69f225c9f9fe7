import { days } from '../platform/clock.ts';

/** Days after a grant died on which the platform is reminded that a person must consent again; none after. */
export const reminderDays = [1, 3, 7, 14] as const;

/** Which reminder is due now, late ones folded into the newest; and when the next is. `reminded`: the last day told, 0 for none. */
export function reminders({ deadAt, reminded, now }: { deadAt: number; reminded: number; now: number }): { readonly day?: number; readonly nextAt?: number } {
  const day = reminderDays.findLast((each) => each > reminded && deadAt + days(each) <= now);
  const next = reminderDays.find((each) => each > (day ?? reminded) && deadAt + days(each) > now);
  return { ...(day !== undefined && { day }), ...(next !== undefined && { nextAt: deadAt + days(next) }) };
}
