import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { presentOf, readRow, readStatus } from '../../../../lib/calendars/microsoft/event-row.ts';
import type { EventRow, ReadingRules } from '../../../../lib/calendars/microsoft/event-row.ts';

const rules: ReadingRules = { zone: 'Europe/Berlin' };
const utc = (dateTime: string) => ({ dateTime, timeZone: 'UTC' });

/** As in https://learn.microsoft.com/graph/api/user-post-events, cut to what could be looked at and one text that must not be. */
const lunch = {
  '@odata.etag': 'W/"ZlnW4RIAV06KYYwlrfNZvQAALfZeRQ=="',
  id: 'AAMkAGI1AAAt9AHjAAA=',
  lastModifiedDateTime: '2017-04-15T03:00:51.245372Z',
  originalStartTimeZone: 'Pacific Standard Time',
  iCalUId: null,
  subject: "Let's go brunch",
  isAllDay: false,
  isCancelled: false,
  seriesMasterId: null,
  transactionId: '7E163156-7762-4BEB-A1C6-729EA81755A7',
  showAs: 'busy',
  type: 'singleInstance',
  responseStatus: { response: 'organizer', time: '0001-01-01T00:00:00Z' },
  start: utc('2017-04-15T18:00:00.0000000'),
  end: utc('2017-04-15T19:00:00.0000000'),
};

/** As in https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/34 */
const bareOccurrence = {
  '@odata.type': '#microsoft.graph.event',
  '@odata.etag': 'W/"DwAAABYAAAC9YbapXssvT4RTG13UUr6AAAhT48i7"',
  id: 'id',
  seriesMasterId: 'seriesMasterId',
  type: 'occurrence',
  start: utc('2023-07-23T10:25:00.0000000'),
  end: utc('2023-07-23T10:55:00.0000000'),
};

function eventOf(value: unknown): EventRow & { kind: 'event' } {
  const row = readRow(value);
  if (row?.kind !== 'event') throw new Error('This is no event.');
  return row;
}
function present(value: object, reading = rules) {
  const row = eventOf(value);
  return presentOf(row, row.status ?? readStatus(value), reading);
}

describe('a row about an event', () => {
  it('is reduced to ids, times and whether it blocks', () => {
    expect(present(lunch)).toEqual({
      kind: 'present',
      id: 'AAMkAGI1AAAt9AHjAAA=',
      start: Date.parse('2017-04-15T18:00:00Z'),
      end: Date.parse('2017-04-15T19:00:00Z'),
      blocks: true,
      etag: 'W/"ZlnW4RIAV06KYYwlrfNZvQAALfZeRQ=="',
      modified: Date.parse('2017-04-15T03:00:51.245Z'),
      transactionId: '7E163156-7762-4BEB-A1C6-729EA81755A7',
    });
    expect(JSON.stringify(readRow(lunch))).not.toContain('brunch');
  });

  it('needs no more than the documentation’s own samples hold, and blocks when it does not say', () => {
    const sample = { '@odata.etag': 'W/"x"', subject: 'Rest!', body: { contentType: 'html', content: '' }, start: lunch.start, end: lunch.end, attendees: [], id: 'AAMkADj1HuAAA=' };
    expect(present(sample)).toMatchObject({ id: 'AAMkADj1HuAAA=', blocks: true });
  });

  it('says nothing of itself when it is a bare occurrence, whatever else is missing from its type', () => {
    expect(eventOf(bareOccurrence)).toMatchObject({ series: 'seriesMasterId', status: undefined });
    expect(eventOf({ ...bareOccurrence, type: 'Occurrence', showAs: 'busy' }).status).toBeUndefined();
    const { type: _type, ...untyped } = bareOccurrence;
    expect(eventOf(untyped).status).toBeUndefined();
    expect(eventOf({ ...bareOccurrence, type: 'exception' }).status).toBeUndefined();
    expect(eventOf({ ...bareOccurrence, type: 'exception', showAs: 'free' }).status).toBeDefined();
  });

  it('blocks when it is an occurrence of no known series', () => {
    expect(present({ ...bareOccurrence, seriesMasterId: null })).toMatchObject({ blocks: true });
  });

  it('is a tombstone by its mark alone, and a series by its type', () => {
    expect(readRow({ id: 'x', '@removed': { reason: 'deleted' } })).toEqual({ kind: 'removed', id: 'x' });
    expect(readRow({ ...bareOccurrence, '@removed': null })).toMatchObject({ kind: 'event' });
    expect(readRow({ ...lunch, type: 'seriesMaster' })).toEqual({ kind: 'master', id: lunch.id });
  });

  it('blocks its start instant when it takes no time', () => {
    expect(present({ ...lunch, end: lunch.start })).toMatchObject({ end: Date.parse('2017-04-15T18:00:00.001Z') });
    expect(present({ ...lunch, start: lunch.end, end: lunch.start })).toMatchObject({ end: Date.parse('2017-04-15T19:00:00.001Z') });
  });

  it('is understood or not, but never throws', () => {
    const keys = ['id', 'type', 'start', 'end', 'seriesMasterId', 'showAs', 'responseStatus', 'isAllDay', 'isCancelled', 'originalStartTimeZone', '@removed', 'lastModifiedDateTime'];
    fc.assert(
      fc.property(fc.jsonValue(), fc.dictionary(fc.constantFrom(...keys), fc.jsonValue()), (json, spoilt) => {
        readRow(json);
        readStatus(json);
        const row = readRow({ ...lunch, ...spoilt });
        if (row?.kind === 'event') expect(presentOf(row, row.status ?? readStatus(spoilt), rules)).toMatchObject({ kind: 'present' });
      }),
    );
  });

  it.each([{}, { id: '' }, { ...lunch, id: undefined }, { ...lunch, start: null }, { ...lunch, end: { dateTime: 'x' } }])('is not understood as %j', (value) => {
    expect(readRow(value)).toBeUndefined();
  });
});

describe('what blocks of a Microsoft calendar', () => {
  it.each([
    ['busy', 'organizer', true],
    ['busy', 'none', true],
    ['busy', 'accepted', true],
    ['oof', 'accepted', true],
    ['busy', 'declined', false],
    ['oof', 'declined', false],
    ['free', 'organizer', false],
    ['workingElsewhere', 'organizer', false],
    ['tentative', 'tentativelyAccepted', true],
    ['busy', 'tentativelyAccepted', true],
    ['busy', 'notResponded', true],
    ['unknown', 'organizer', true],
    ['somethingNew', 'somethingNew', true],
    ['constructor', 'toString', true],
  ])('shown as %s, answered %s: %s', (showAs, response, expected) => {
    expect(present({ ...lunch, showAs, responseStatus: { response } }).blocks).toBe(expected);
  });

  it('is nothing that is cancelled', () => {
    expect(present({ ...lunch, isCancelled: true }).blocks).toBe(false);
  });

  it('is not what is unsettled, where that is the setting', () => {
    const lenient: ReadingRules = { ...rules, blocking: { tentativeBlocks: false } };
    const unsettled = [{ showAs: 'tentative' }, { showAs: 'unknown' }, { responseStatus: { response: 'notResponded' } }, { responseStatus: { response: 'tentativelyAccepted' } }];
    for (const facts of unsettled) expect(present({ ...lunch, ...facts }, lenient).blocks).toBe(false);
    expect(present({ ...lunch, responseStatus: null }, lenient).blocks).toBe(true);
    expect(present({ ...lunch, showAs: 'oof', responseStatus: { response: 'notResponded' } }, lenient).blocks).toBe(true);
  });
});

describe('an all-day row', () => {
  const allDay = { ...lunch, isAllDay: true, start: utc('2026-01-01T23:00:00.0000000'), end: utc('2026-01-02T23:00:00.0000000') };

  it('stands in the zone in which it was made, else in the professional’s, else everywhere', () => {
    const span = (zone: string | undefined, reading: ReadingRules) => {
      const { start, end } = present({ ...allDay, originalStartTimeZone: zone }, reading);
      return [new Date(start).toISOString(), new Date(end).toISOString()];
    };
    expect(span('W. Europe Standard Time', { zone: 'Asia/Tokyo' })).toEqual(['2026-01-01T23:00:00.000Z', '2026-01-02T23:00:00.000Z']);
    expect(span('tzone://Microsoft/Custom', { zone: 'Asia/Tokyo' })).toEqual(['2026-01-01T15:00:00.000Z', '2026-01-02T15:00:00.000Z']);
    expect(span(undefined, { zone: undefined })).toEqual(['2026-01-01T10:00:00.000Z', '2026-01-03T12:00:00.000Z']);
  });
});
