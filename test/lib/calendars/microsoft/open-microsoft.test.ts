import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { transactionIdOf } from '../../../../lib/calendars/microsoft/identity.ts';
import type { ScriptedAnswer } from '../../../support/scripted-server.ts';
import { calendar, hearing, now, page, refusal, stopHearing, times } from './scripted-graph.ts';

const identity = { connectionId: 'c-1', calendarId: calendar.id, bookingId: 'b-1', generation: 0 };
const wish = { title: 'Haircut', start: '2026-06-01T10:00:00+02:00', end: '2026-06-01T11:00:00+02:00', zone: 'Europe/Berlin', version: 3 };
const event = { '@odata.etag': 'W/"1"', id: 'AAMk=', iCalUId: '0400', ...times };

afterEach(stopHearing);

describe('a call to Graph', () => {
  it('follows no redirect, which could take the token elsewhere', async () => {
    const { calendars, heard } = await hearing([{ status: 302, headers: { location: '/elsewhere' } }]);
    await expect(calendars.list()).rejects.toMatchObject({ kind: 'unavailable', status: 302 });
    expect(heard).toHaveLength(1);
  });

  it('waits for the one before it, and goes ahead although that failed', async () => {
    const heardBefore: number[] = [];
    const { calendars, heard } = await hearing([refusal(500, 'x'), page([])], {
      permit: () => {
        heardBefore.push(heard.length);
        return Promise.resolve();
      },
    });
    const asked = await Promise.allSettled([calendars.list(), calendars.list(), calendars.list()]);
    expect(asked.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(heardBefore).toEqual([0, 1, 2]);
  });

  it('takes a claims challenge for a refused token: renewed once, then the person must consent again', async () => {
    const challenge = { ...refusal(401, 'InvalidAuthenticationToken'), headers: { 'www-authenticate': 'Bearer error="insufficient_claims", claims="eyJ9"' } };
    const { calendars, heard } = await hearing([challenge], { token: (renew) => Promise.resolve(renew === true ? 'EwB.renewed' : 'EwB.secret') });
    await expect(calendars.list()).rejects.toMatchObject({ kind: 'grant_dead', status: 401 });
    expect(heard.map(({ headers }) => headers.authorization)).toEqual(['Bearer EwB.secret', 'Bearer EwB.renewed']);
  });

  it('costs nobody a secret when nothing answers', async () => {
    const { calendars } = await hearing([]);
    await stopHearing();
    const error = await calendars.list().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'CalendarError', kind: 'unavailable', reason: 'ECONNREFUSED' });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('EwB');
  });
});

describe('an event of ours at Microsoft', () => {
  it('is made once under its transactionId, in UTC, with nobody invited', async () => {
    const { calendars, heard } = await hearing([{ status: 201, body: { ...event, iCalUId: null } }]);
    expect(await calendars.create(calendar, identity, wish)).toEqual({ outcome: 'created', event: { id: 'AAMk=', icalUid: '', etag: 'W/"1"' } });
    expect(heard[0]?.url.pathname).toBe('/v1.0/me/calendars/AAMk%2Fa%2Bb%3D/events');
    expect(heard[0]?.headers['content-type']).toBe('application/json');
    const sent = JSON.parse(heard[0]?.body ?? '') as Record<string, unknown>;
    expect(sent).toMatchObject({
      subject: 'Haircut',
      body: { contentType: 'text', content: '' },
      start: { dateTime: '2026-06-01T08:00:00.000', timeZone: 'UTC' },
      end: { dateTime: '2026-06-01T09:00:00.000', timeZone: 'UTC' },
      showAs: 'busy',
      transactionId: transactionIdOf(identity),
    });
    expect(sent).not.toHaveProperty('attendees');
    expect(calendars.predictedId(identity)).toBeUndefined();
  });

  it.each([400, 409])('exists where Graph answers %d over its transactionId, and is named where Graph names it', async (status) => {
    const { calendars } = await hearing([refusal(status, 'ErrorDuplicateTransactionId', { '@event.existingEventId': 'AAMk=' }), refusal(status, 'errorDuplicateTransactionId')]);
    expect(await calendars.create(calendar, identity, wish)).toEqual({ outcome: 'exists', eventId: 'AAMk=' });
    expect(await calendars.create(calendar, identity, wish)).toEqual({ outcome: 'exists' });
  });

  it('is found by its property over all pages, the newest that is alive', async () => {
    const copies = [
      { ...event, id: 'old', lastModifiedDateTime: '2026-05-01T00:00:00Z' },
      { ...event, id: 'bin', lastModifiedDateTime: '2026-05-03T00:00:00Z', isCancelled: true },
      { ...event, id: 'new', lastModifiedDateTime: '2026-05-02T00:00:00Z' },
    ];
    const { calendars, heard } = await hearing([page([], { nextLink: '{graph}/v1.0/next' }), page(copies)]);
    expect(await calendars.find(calendar, identity)).toMatchObject({ id: 'new', cancelled: false, start: now });
    expect(heard[0]?.url.searchParams.get('$filter')).toBe(
      `singleValueExtendedProperties/Any(ep: ep/id eq 'String {cedc07c6-ac44-4e25-bc82-db8ea87d1a8b} Name calendarSyncKey' and ep/value eq '${transactionIdOf(identity)}')`,
    );
  });

  it('is changed under its etag with every field of ours, empty ones too, and nothing else', async () => {
    const { calendars, heard } = await hearing([{ body: event }]);
    await calendars.update(calendar, 'AA/Mk=', identity, wish, 'W/"1"');
    expect(heard[0]).toMatchObject({ method: 'PATCH', headers: { 'if-match': 'W/"1"' } });
    expect(heard[0]?.url.pathname).toBe('/v1.0/me/events/AA%2FMk%3D');
    const sent = JSON.parse(heard[0]?.body ?? '') as Record<string, unknown>;
    expect(Object.keys(sent).sort()).toEqual(['body', 'end', 'isAllDay', 'location', 'singleValueExtendedProperties', 'start', 'subject']);
    expect(sent).toMatchObject({ body: { content: '' }, location: { displayName: '' } });
  });

  it.each<[ScriptedAnswer, string]>([
    [refusal(412, 'ErrorIrresolvableConflict'), 'changed'],
    [refusal(409, 'ErrorIrresolvableConflict'), 'changed'],
    [{ status: 412, body: '' }, 'changed'],
    [refusal(404, 'ErrorItemNotFound'), 'gone'],
    [{ body: { ...event, isCancelled: true } }, 'gone'],
  ])('answered with %j, an update finds it %s', async (answer, outcome) => {
    const { calendars } = await hearing([answer]);
    expect(await calendars.update(calendar, 'AAMk=', identity, wish, 'W/"1"')).toEqual({ outcome });
  });

  it('is not taken for gone where the whole mailbox cannot be read', async () => {
    const { calendars } = await hearing([refusal(404, 'MailboxNotEnabledForRESTAPI')]);
    for (const asked of [calendars.read(calendar, 'e'), calendars.remove(calendar, 'e'), calendars.update(calendar, 'e', identity, wish)]) {
      await expect(asked).rejects.toMatchObject({ kind: 'unreadable' });
    }
  });

  it('is not known to be written where the answer does not say what, nor asked for at no time', async () => {
    const { calendars, heard } = await hearing([{ status: 201, body: '' }]);
    await expect(calendars.create(calendar, identity, wish)).rejects.toMatchObject({ kind: 'unavailable', reason: 'malformed_event' });
    await expect(calendars.create(calendar, identity, { ...wish, start: 'soon' })).rejects.toMatchObject({ kind: 'rejected' });
    expect(heard).toHaveLength(1);
  });
});

describe('a Graph subscription', () => {
  const request = { id: 'ignored', secret: 'v1.x', address: 'https://sync.example/webhooks/microsoft', expiresAt: now + 30 * 86_400_000 };
  const subscription = { id: 's-1', expirationDateTime: '2026-06-03T08:00:00.2257768Z' };
  const longest = '2026-06-08T07:50:00.000Z';

  it('is asked for no longer than Graph gives, for stored ids, and ends when Graph says', async () => {
    const { calendars, heard } = await hearing([{ status: 201, body: subscription }]);
    expect(await calendars.watch(calendar, request)).toEqual({ id: 's-1', expiresAt: Date.parse('2026-06-03T08:00:00.225Z') });
    expect(heard[0]?.headers['prefer']).toBe('IdType="ImmutableId"');
    expect(JSON.parse(heard[0]?.body ?? '')).toEqual({
      changeType: 'created,updated,deleted',
      resource: '/me/events',
      notificationUrl: request.address,
      lifecycleNotificationUrl: request.address,
      clientState: 'v1.x',
      expirationDateTime: longest,
    });
  });

  it.each<[ScriptedAnswer, object]>([
    [refusal(409, 'ObjectIdentifierInUse'), { kind: 'watch_exists' }],
    [refusal(403, 'ExtensionError'), { kind: 'throttled' }],
    [refusal(403, 'Forbidden'), { kind: 'throttled' }],
    [refusal(403, 'ErrorAccessDenied'), { kind: 'unwatchable' }],
    [refusal(403, 'insufficient_claims'), { kind: 'grant_dead' }],
    [refusal(400, 'ValidationError'), { kind: 'rejected', reason: 'ValidationError' }],
    [refusal(404, 'MailboxNotEnabledForRESTAPI'), { kind: 'unreadable' }],
    [{ status: 201, body: { id: 's-1' } }, { kind: 'unavailable', reason: 'malformed_subscription' }],
  ])('answered with %j fails with %j', async (answer, expected) => {
    const { calendars } = await hearing([answer]);
    await expect(calendars.watch(calendar, request)).rejects.toMatchObject(expected);
  });

  it('is extended in place, or gone', async () => {
    const { calendars, heard } = await hearing([{ body: subscription }, refusal(404, 'ResourceNotFound')]);
    const watch = { id: 's-1', expiresAt: now };
    expect(await calendars.renew(watch, now + 86_400_000)).toMatchObject({ id: 's-1' });
    expect(heard[0]).toMatchObject({ method: 'PATCH', body: JSON.stringify({ expirationDateTime: '2026-06-02T08:00:00.000Z' }) });
    expect(await calendars.renew(watch, now + 86_400_000)).toBe('gone');
    await expect(calendars.stop(watch)).resolves.toBeUndefined();
  });
});

describe('the calendars of a Microsoft account', () => {
  it('are read over all pages', async () => {
    const { calendars } = await hearing([
      page([{ id: 'a', name: 'Calendar', isDefaultCalendar: true, canEdit: true }], { nextLink: '{graph}/v1.0/me/calendars?$skip=10' }),
      page([{ id: 'b', name: null, canEdit: false }]),
    ]);
    expect(await calendars.list()).toEqual([
      { id: 'a', name: 'Calendar', primary: true, writable: true },
      { id: 'b', name: '', primary: false, writable: false },
    ]);
  });
});
