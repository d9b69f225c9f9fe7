import { hours, seconds } from '../platform/clock.ts';

/**
 * What `Retry-After` asks, in milliseconds; at most a day. A date counts from the answer's own `Date`, so that clocks that differ
 * do no harm. Undefined where the header is missing or makes no sense.
 */
export function retryAfterMs(headers: Headers): number | undefined {
  const asked = headers.get('retry-after')?.trim() ?? '';
  const wait = /^\d{1,9}(\.\d+)?$/.test(asked) ? seconds(Number(asked)) : Date.parse(asked) - Date.parse(headers.get('date') ?? '');
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(Math.ceil(wait), 0), hours(24));
}
