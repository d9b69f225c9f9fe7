import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { base32hex, googleEventId } from '../../../../lib/calendars/google/event-id.ts';

const identity = { connectionId: 'c-1', calendarId: 'ada@example.com', bookingId: 'b-1', generation: 0 };

describe('the Google id of a booking’s event', () => {
  // RFC 4648, section 10, lower-cased and unpadded.
  it.each([['', ''], ['f', 'co'], ['fo', 'cpng'], ['foo', 'cpnmu'], ['foob', 'cpnmuog'], ['fooba', 'cpnmuoj1'], ['foobar', 'cpnmuoj1e8']])(
    'is written in base32hex: %j is %j',
    (plain, encoded) => {
      expect(base32hex(Buffer.from(plain))).toBe(encoded);
    },
  );

  it('keeps to Google’s alphabet and length for any booking', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(), (calendarId, bookingId, generation) => {
        expect(googleEventId({ ...identity, calendarId, bookingId, generation })).toMatch(/^booking[0-9a-v]{52}$/);
      }),
    );
  });

  it('is the same for each attempt, and another for each part that differs', () => {
    const others = [
      { connectionId: 'c-2' },
      { calendarId: 'bob@example.com' },
      { bookingId: 'b-2' },
      { generation: 1 },
      { connectionId: 'c-1a', calendarId: 'da@example.com' },
    ];
    const ids = [{}, ...others].map((change) => googleEventId({ ...identity, ...change }));
    expect(new Set(ids).size).toBe(ids.length);
    expect(googleEventId({ ...identity })).toBe(ids[0]);
  });

  it('never changes with a release: the events written so far would be written again', () => {
    expect(googleEventId(identity)).toBe('bookingq6142q6lpcm8ji35d682hb3i59gnvte7bkt40fs015epv5d2dop0');
  });
});
