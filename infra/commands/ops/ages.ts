// Times as people read them.

const steps = [['d', 86_400_000], ['h', 3_600_000], ['min', 60_000], ['s', 1000]] as const;

/** `3 h 20 min`: the two largest units. */
export function lengthOf(ms: number): string {
  const whole = Math.max(0, Math.round(ms / 1000) * 1000);
  const first = steps.findIndex(([, size]) => whole >= size);
  if (first === -1) return '0 s';
  let left = whole;
  const parts: string[] = [];
  for (const [unit, size] of steps.slice(first, first + 2)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.join(' ');
}

export const ago = (at: number | undefined, now: number): string => (at === undefined ? '–' : `${lengthOf(now - at)} ago`);
/** When something is due: `in 3 min`, `4 s late`. */
export const until = (at: number | undefined, now: number): string => (at === undefined ? '–' : at > now ? `in ${lengthOf(at - now)}` : `${lengthOf(now - at)} late`);
export const iso = (at: number | undefined): string | null => (at === undefined ? null : new Date(at).toISOString());
