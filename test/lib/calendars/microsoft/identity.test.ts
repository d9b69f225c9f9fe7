import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { markProperty, ourProperties, readMark, transactionIdOf, uuidFor } from '../../../../lib/calendars/microsoft/identity.ts';

const identity = { connectionId: 'c-1', calendarId: 'AAMk+a/b=', bookingId: 'b-1', generation: 0 };

describe('the transactionId of an event of ours', () => {
  it('is a lower-case UUID of version 5 that never changes, or events written before would not be found', () => {
    expect(transactionIdOf(identity)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(uuidFor('calendar sync')).toBe('78d7f05f-bd7a-551f-ad7b-4c80fda37511');
  });

  it('differs when any part does, wherever the parts are cut', () => {
    const others = [
      { ...identity, connectionId: 'c-1AAMk', calendarId: '+a/b=' },
      { ...identity, bookingId: 'b-1"' },
      { ...identity, bookingId: 'b-', generation: 10 },
      { ...identity, generation: 1 },
    ];
    expect(new Set([identity, ...others].map(transactionIdOf)).size).toBe(5);
  });
});

describe('the mark of an event of ours', () => {
  const marked = (bookingId: string, generation: number, version: number) => ourProperties({ ...identity, bookingId, generation }, version);

  it('comes back as it was written, whatever the booking is called, and in either case', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), fc.nat(), fc.maxSafeNat(), (bookingId, generation, version) => {
        const properties = marked(bookingId, generation, version);
        expect(readMark(properties)).toEqual({ bookingId, generation, version });
        expect(readMark(properties.map(({ id, value }) => ({ id: id.toLowerCase(), value: value.toUpperCase() })))).toEqual({ bookingId, generation, version });
      }),
    );
  });

  it('travels in characters that need no quoting', () => {
    for (const { value } of marked("b'|é", 1, 2)) expect(value).toMatch(/^[0-9a-f-]+$/);
  });

  it('is none where it is not whole', () => {
    const hex = (text: string): string => Buffer.from(text).toString('hex');
    for (const value of ['', 'zz', 'abc', hex('b-1'), hex('b-1|1'), hex('|1|2'), hex('b|1|99999999999999999'), hex('b|x|2')]) {
      expect(readMark([{ id: markProperty, value }])).toBeUndefined();
    }
    expect(readMark([{ id: 'String {00000000-0000-0000-0000-000000000000} Name calendarSyncMark', value: hex('b|1|2') }])).toBeUndefined();
    fc.assert(fc.property(fc.anything(), (odd) => readMark(odd) === undefined && readMark([odd, { id: markProperty, value: odd }]) === undefined));
  });
});
