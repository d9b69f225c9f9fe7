import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readBookingEvent } from '../../../lib/outbound/booking-event.ts';
import { aBookingEvent } from '../../support/booking-events.ts';

const read = (change: object = {}, top: object = {}) => readBookingEvent(aBookingEvent(change, top));
const hashOf = (change: object = {}, top: object = {}): string => {
  const event = read(change, top);
  if (event.kind !== 'booking') throw new Error(event.detail);
  return event.booking.hash;
};

describe('an event of the booking service', () => {
  it('becomes a booking with its instants in UTC', () => {
    expect(read({ start_time: '2026-04-01T12:00:00+02:00', end_time: '2026-04-01T11:00:00.5Z' })).toMatchObject({ kind: 'booking', booking: { start: '2026-04-01T10:00:00.000Z', end: '2026-04-01T11:00:00.500Z', cancelled: false } });
  });

  it.each([
    ['no JSON', undefined, 'not_json'],
    ['null', null, 'invalid_event'],
    ['a list', [], 'invalid_event'],
    ['of no type', { ...aBookingEvent(), type: undefined }, 'invalid_event'],
    ['another type', aBookingEvent({}, { type: 'booking.archived' }), 'unknown_type'],
    ['another type in another shape', { type: 'invoice.paid' }, 'unknown_type'],
    ['no booking', { ...aBookingEvent(), booking: undefined }, 'invalid_event'],
    ['version 0', aBookingEvent({ version: 0 }), 'invalid_event'],
    ['version 1.5', aBookingEvent({ version: 1.5 }), 'invalid_event'],
    ['a version past 2^53 − 1', aBookingEvent({ version: 2 ** 53 }), 'invalid_event'],
    ['a version in words', aBookingEvent({ version: '1' }), 'invalid_event'],
    ['no title', aBookingEvent({ title: undefined }), 'invalid_event'],
    ['a title of 1,025 bytes', aBookingEvent({ title: `${'ä'.repeat(512)}!` }), 'invalid_event'],
    ['a description of 8,193 bytes', aBookingEvent({ description: 'x'.repeat(8193) }), 'invalid_event'],
    ['a location of 1,025 bytes', aBookingEvent({ location: 'x'.repeat(1025) }), 'invalid_event'],
    ['an instant without offset', aBookingEvent({ start_time: '2026-04-01T10:00:00' }), 'invalid_event'],
    ['30 February', aBookingEvent({ start_time: '2026-02-30T10:00:00Z' }), 'invalid_event'],
    ['24 o’clock', aBookingEvent({ start_time: '2026-04-01T24:00:00Z' }), 'invalid_event'],
    ['month 13', aBookingEvent({ start_time: '2026-13-01T10:00:00Z' }), 'invalid_event'],
    ['an end at its start', aBookingEvent({ end_time: '2026-04-01T12:00:00+02:00', start_time: '2026-04-01T10:00:00Z' }), 'invalid_event'],
    ['a zone that is none', aBookingEvent({ time_zone: 'Europe/Atlantis' }), 'invalid_event'],
    ['an offset for a zone', aBookingEvent({ time_zone: '+02:00' }), 'invalid_event'],
    ['a year past 2999 in UTC', aBookingEvent({ end_time: '9999-12-31T23:00:00-23:59' }), 'invalid_event'],
    ['a year before 1900', aBookingEvent({ start_time: '0001-01-01T00:00:00Z' }), 'invalid_event'],
    ['an id with half a character', aBookingEvent({ id: 'lone\ud800' }), 'invalid_event'],
    ['a title with half a character', aBookingEvent({ title: 'lone\udfff' }), 'invalid_event'],
    ['another status', aBookingEvent({ status: 'tentative' }), 'invalid_event'],
    ['an empty id', aBookingEvent({ id: '' }), 'invalid_event'],
  ])('that is %s is refused', (_name, value, reason) => {
    expect(readBookingEvent(value)).toMatchObject({ kind: 'invalid', reason });
  });

  it('says what is wrong without quoting what it got', () => {
    expect(JSON.stringify(read({ title: 4711, description: 'x'.repeat(9000), status: 'secretive' }))).not.toMatch(/4711|xxx|secretive/);
  });

  it('takes texts up to their limits and ignores members that it does not know', () => {
    expect(read({ title: 'ä'.repeat(512), description: 'x'.repeat(8192), location: 'y'.repeat(1024), colour: 'red' }, { trace: 1 })).toMatchObject({ kind: 'booking' });
    expect(hashOf({ colour: 'red' })).toBe(hashOf());
  });

  it('is cancelled by its type or by its status', () => {
    for (const event of [read({ status: 'cancelled' }), read({}, { type: 'booking.cancelled' })]) expect(event).toMatchObject({ booking: { cancelled: true } });
  });

  it('has other content with another status, text or time, and the same under another id, time of sending, type or spelling of an instant', () => {
    const others = [{ status: 'pending' }, { title: 'Other' }, { description: 'x' }, { start_time: '2026-04-01T09:59:59Z' }, { provider_id: 'other' }, { service_id: 'other' }, { time_zone: 'Europe/Berlin' }];
    for (const other of others) expect({ other, same: hashOf(other) === hashOf() }).toEqual({ other, same: false });
    expect(hashOf({ start_time: '2026-04-01T12:00:00+02:00' }, { id: 'another', type: 'booking.updated', occurred_at: '2026-01-01T00:00:00Z' })).toBe(hashOf());
  });

  it('never throws, whatever it is', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void expect(['booking', 'invalid']).toContain(readBookingEvent(value).kind)));
  });
});
