import { describe, expect, it } from '@jest/globals';
import { calendarKey, eventHash } from '../../../lib/calendars/calendar-key.ts';

describe('a key of ours', () => {
  it('is 22 safe characters, whatever the id', () => {
    expect(calendarKey('ada@example.com')).toMatch(/^[\w-]{22}$/);
    expect(eventHash('🗓'.repeat(500))).toMatch(/^[\w-]{22}$/);
    expect(calendarKey('a')).not.toBe(calendarKey('b'));
  });
});
