import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readEventPage, readItem } from '../../../../lib/calendars/google/event-page.ts';
import { cursorPrefix, listParameters } from '../../../../lib/calendars/google/list-events.ts';

const zone = 'Europe/Berlin';
const anEvent = (overrides: object = {}) => ({
  id: 'e1',
  status: 'confirmed',
  etag: '"3181161784712000"',
  start: { dateTime: '2026-06-01T10:00:00+02:00', timeZone: zone },
  end: { dateTime: '2026-06-01T11:00:00+02:00', timeZone: zone },
  ...overrides,
});
const read = (overrides: object = {}, rules: object = {}) => readItem(anEvent(overrides), { zone, ...rules });
const self = (responseStatus: string) => ({ attendees: [{ responseStatus: 'accepted' }, { self: true, responseStatus }] });
const at = (time: string) => Date.parse(time);

describe('what blocks in Google Calendar', () => {
  it.each<[string, object, boolean]>([
    ['an event', {}, true],
    ['an opaque event', { transparency: 'opaque' }, true],
    ['a transparent event', { transparency: 'transparent' }, false],
    ['a working location', { eventType: 'workingLocation' }, false],
    ['a birthday', { eventType: 'birthday' }, false],
    ['being out of office', { eventType: 'outOfOffice' }, true],
    ['focus time', { eventType: 'focusTime' }, true],
    ['an event from Gmail', { eventType: 'fromGmail' }, true],
    ['an event of a type to come', { eventType: 'siesta' }, true],
    ['an invitation declined', self('declined'), false],
    ['an invitation accepted', self('accepted'), true],
    ['an invitation accepted with doubt', self('tentative'), true],
    ['an invitation not answered', self('needsAction'), true],
    ['an answer of a kind to come', self('perhaps'), true],
    ['what another attendee declined', { attendees: [{ responseStatus: 'declined' }] }, true],
    ['a tentative event', { status: 'tentative' }, true],
  ])('%s (%j) blocks: %s', (_, overrides, expected) => {
    expect(read(overrides)).toMatchObject({ kind: 'present', blocks: expected });
  });

  it.each<[object, boolean]>([
    [self('tentative'), false],
    [self('needsAction'), false],
    [{ status: 'tentative' }, false],
    [{ eventType: 'outOfOffice', status: 'tentative' }, true],
    [{}, true],
  ])('where what is unsettled does not block, %j blocks: %s', (overrides, expected) => {
    expect(read(overrides, { blocking: { tentativeBlocks: false } })).toMatchObject({ blocks: expected });
  });
});

describe('reading an event', () => {
  it('takes instants with their offset', () => {
    expect(read()).toEqual({
      kind: 'present',
      id: 'e1',
      etag: '"3181161784712000"',
      start: at('2026-06-01T08:00:00Z'),
      end: at('2026-06-01T09:00:00Z'),
      blocks: true,
    });
  });

  it('takes an instant without offset in its own zone', () => {
    const start = { dateTime: '2026-06-01T10:00:00', timeZone: 'America/New_York' };
    const end = { dateTime: '2026-06-01T17:00:00' };
    expect(read({ start, end })).toMatchObject({ start: at('2026-06-01T14:00:00Z'), end: at('2026-06-01T15:00:00Z') });
  });

  it('takes dates in the calendar’s zone, before the one given at connect', () => {
    const item = anEvent({ start: { date: '2026-06-01' }, end: { date: '2026-06-02' } });
    const page = { items: [item], nextSyncToken: 's' };
    expect(readEventPage(page, { zone })?.items).toMatchObject([{ start: at('2026-05-31T22:00:00Z'), end: at('2026-06-01T22:00:00Z') }]);
    const tokyo = readEventPage({ ...page, timeZone: 'Asia/Tokyo' }, { zone });
    expect(tokyo).toMatchObject({ zone: 'Asia/Tokyo', items: [{ start: at('2026-05-31T15:00:00Z'), end: at('2026-06-01T15:00:00Z') }] });
  });

  it('lets an event without length block its start', () => {
    const start = { dateTime: '2026-06-01T10:00:00Z' };
    expect(read({ start, end: start })).toMatchObject({ start: at('2026-06-01T10:00:00Z'), end: at('2026-06-01T10:00:00.001Z') });
  });

  it('looks at nothing of a cancelled event but its id', () => {
    expect(readItem({ id: 'e1_20260601T080000Z', status: 'cancelled' }, { zone })).toEqual({ kind: 'gone', id: 'e1_20260601T080000Z' });
    expect(read({ status: 'cancelled', start: 'nonsense', end: 7 })).toEqual({ kind: 'gone', id: 'e1' });
  });

  it('knows an event of ours by its three properties', () => {
    const mark = { calendarSyncBooking: 'b-1', calendarSyncGeneration: '2', calendarSyncVersion: '9007199254740991', other: 'x' };
    expect(read({ extendedProperties: { private: mark } })).toMatchObject({ ours: { bookingId: 'b-1', generation: 2, version: 9007199254740991 } });
    for (const broken of [{ calendarSyncGeneration: '-1' }, { calendarSyncVersion: '1e3' }, { calendarSyncVersion: '9007199254740993' }, { calendarSyncBooking: '' }])
      expect(read({ extendedProperties: { private: { ...mark, ...broken } } })).not.toHaveProperty('ours');
  });
});

describe('reading a page', () => {
  it('is not understood where one event is not: to skip it could free time that is taken', () => {
    const items = [anEvent(), anEvent({ start: { dateTime: 'later' } })];
    expect(readEventPage({ items, nextSyncToken: 's' }, { zone })).toBeUndefined();
    expect(readEventPage({ items: [{ status: 'cancelled' }], nextSyncToken: 's' }, { zone })).toBeUndefined();
    expect(readEventPage({ items: {}, nextSyncToken: 's' }, { zone })).toBeUndefined();
  });

  it('is not understood without a token to go on with', () => {
    expect(readEventPage({ items: [] }, { zone })).toBeUndefined();
    expect(readEventPage('<html>', { zone })).toBeUndefined();
  });

  it('has no cursor while there is a next page', () => {
    expect(readEventPage({ nextPageToken: 'p', nextSyncToken: 's' }, { zone })).toEqual({ items: [], next: 'p' });
  });

  it('never throws, whatever the server sends', () => {
    const keys = fc.constantFrom('id', 'status', 'start', 'end', 'date', 'dateTime', 'timeZone', 'attendees', 'self', 'eventType', 'extendedProperties', 'private');
    const leaf = fc.oneof(fc.jsonValue(), fc.constantFrom('cancelled', '2026-06-01', '2026-06-01T10:00:00Z', '2026-06-01T10:00', 'Europe/Berlin', '__proto__', 'x'));
    const { item } = fc.letrec<{ item: unknown }>((tie) => ({
      item: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('item'), { maxLength: 3 }), fc.dictionary(keys, tie('item'))),
    }));
    const page = fc.record({ items: fc.oneof(fc.array(item, { maxLength: 4 }), item), timeZone: leaf, nextPageToken: leaf, nextSyncToken: leaf });
    fc.assert(
      fc.property(fc.oneof(page, item), fc.constantFrom(undefined, zone, 'Nowhere/Atlantis'), (body, fallback) => {
        for (const found of readEventPage(body, { zone: fallback })?.items ?? []) {
          if (found.kind === 'present') expect(found.end).toBeGreaterThan(found.start);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('the cursor', () => {
  it('is of another kind as soon as a list asks for something else: update both here together', () => {
    expect({ cursorPrefix, ...listParameters }).toEqual({
      cursorPrefix: 'g1:',
      singleEvents: true,
      maxResults: 2500,
      maxAttendees: 1,
      fields:
        'nextPageToken,nextSyncToken,timeZone,items(id,status,etag,start,end,transparency,eventType,attendees(self,responseStatus),extendedProperties/private)',
    });
  });
});
