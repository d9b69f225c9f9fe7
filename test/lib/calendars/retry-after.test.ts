import { describe, expect, it } from '@jest/globals';
import { retryAfterMs } from '../../../lib/calendars/retry-after.ts';

describe('Retry-After', () => {
  const wait = (headers: Record<string, string>) => retryAfterMs(new Headers(headers));
  const date = 'Sat, 21 Nov 2026 10:00:00 GMT';

  it.each<[Record<string, string>, number | undefined]>([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': ' 0.5 ' }, 500],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '999999999' }, 86_400_000],
    [{ 'retry-after': 'Sat, 21 Nov 2026 10:01:00 GMT', date }, 60_000],
    [{ 'retry-after': 'Sat, 21 Nov 2026 09:00:00 GMT', date }, 0],
    [{ 'retry-after': 'Sat, 21 Nov 2026 10:01:00 GMT' }, undefined],
    [{ 'retry-after': 'soon', date }, undefined],
    [{ date }, undefined],
    [{}, undefined],
  ])('%j asks for %s ms', (headers, expected) => {
    expect(wait(headers)).toBe(expected);
  });
});
