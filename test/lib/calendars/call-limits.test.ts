import { describe, expect, it } from '@jest/globals';
import { callSignal } from '../../../lib/calendars/call-limits.ts';

describe('a call', () => {
  it('may begin when it would end just with the lease', () => {
    expect(callSignal({ endsAt: 1_500 }, () => 1_000, 500).aborted).toBe(false);
  });

  it('does not begin when it could end a millisecond after the lease', () => {
    expect(() => callSignal({ endsAt: 1_499 }, () => 1_000, 500)).toThrow('out_of_time');
  });
});
