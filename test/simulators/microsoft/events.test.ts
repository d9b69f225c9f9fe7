import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { anHour, email, startGraphCaller, weekly } from './graph-caller.ts';
import type { Answer, GraphCaller } from './graph-caller.ts';

const property = 'String {66f5a359-4659-4830-9070-00047ec6ac6e} Name bookingId';

describe('events of Graph', () => {
  let graph: GraphCaller;
  beforeEach(async () => {
    graph = await startGraphCaller({ calendars: [{ id: 'cal-main', name: 'Calendar', timeZone: 'Europe/Berlin' }, { id: 'cal-holidays', name: 'Holidays', canEdit: false }] });
  });
  afterEach(() => graph.sim.close());

  const booking = { subject: 'Massage', ...anHour('2026-04-01T09:00:00', 'UTC') };
  const create = (body: object = {}, prefer?: string): Promise<Answer> => graph.call('/me/events', { method: 'POST', body: { ...booking, ...body }, ...(prefer === undefined ? {} : { prefer }) });
  const codeOf = (answer: Answer): [number, unknown] => [answer.status, answer.body.error['code']];
  const series = (): string => String(graph.human('Weekly', '2026-03-16T09:00:00', { recurrence: weekly('2026-03-16', 'monday') })['id']);

  it('are created with all that Graph fills in, and read back the same', async () => {
    const made = await create({ body: { contentType: 'text', content: 'Back' }, location: { displayName: 'Room 1' }, attendees: [{ emailAddress: { address: 'sam@contoso.example' } }] });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      subject: 'Massage', type: 'singleInstance', showAs: 'busy', isCancelled: false, isOrganizer: true, seriesMasterId: null, recurrence: null,
      start: { dateTime: '2026-04-01T09:00:00.0000000', timeZone: 'UTC' }, originalStartTimeZone: 'UTC', bodyPreview: 'Back',
      body: { contentType: 'html', content: '<html><head></head><body>Back</body></html>' }, location: { displayName: 'Room 1' }, responseStatus: { response: 'organizer' }, attendees: [{ type: 'required', status: { response: 'none' } }],
    });
    expect(made.body).not.toHaveProperty('transactionId');
    expect(made.body['lastModifiedDateTime']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/u);
    const { '@odata.context': _, ...same } = (await graph.call(`/me/events/${made.body.id}`)).body;
    expect(made.body).toMatchObject(same);
  });

  it.each([
    ['no end', { end: undefined }, 'ErrorPropertyValidationFailure'],
    ['an unknown zone', { start: { dateTime: '2026-04-01T09:00:00', timeZone: 'Mars/Olympus' } }, 'TimeZoneNotSupportedException'],
    ['an IANA zone that Graph does not list', anHour('2026-04-01T09:00:00', 'Europe/Amsterdam'), 'TimeZoneNotSupportedException'],
    ['an offset in the time', { start: { dateTime: '2026-04-01T09:00:00+02:00', timeZone: 'UTC' } }, 'RequestBodyRead'],
    ['an end before the start', { end: { dateTime: '2026-04-01T08:00:00', timeZone: 'UTC' } }, 'ErrorCalendarEndDateIsEarlierThanStartDate'],
    ['a whole day that does not begin at midnight', { isAllDay: true }, 'ErrorPropertyValidationFailure'],
    ['an iCalUId of its own', { iCalUId: 'mine' }, 'ErrorInvalidPropertySet'],
    ['a member that no event has', { colour: 'red' }, 'RequestBodyRead'],
    ['a showAs that does not exist', { showAs: 'asleep' }, 'RequestBodyRead'],
  ])('with %s are refused', async (_, over, code) => {
    expect(codeOf(await create(over))).toEqual([400, code]);
    expect(graph.sim.events(email)).toEqual([]);
  });

  it('take Windows zones and the IANA zones that Graph lists', async () => {
    const [windows, iana] = [await create(anHour('2026-07-01T09:00:00', 'W. Europe Standard Time')), await create(anHour('2026-07-01T09:00:00', 'Europe/Berlin'))];
    for (const made of [windows, iana]) expect(made.body['start']).toEqual({ dateTime: '2026-07-01T07:00:00.0000000', timeZone: 'UTC' });
  });

  it('sent twice with one transactionId are one event', async () => {
    const first = await create({ transactionId: 't-1' });
    const again = await create({ transactionId: 't-1' });
    expect([again.status, again.body.id]).toEqual([201, first.body.id]);
    expect(graph.sim.events(email)).toHaveLength(1);
  });

  it('with a transactionId that stands for other content are refused, perhaps with the id of what exists', async () => {
    const first = await create({ transactionId: 't-1' });
    const other = await create({ transactionId: 't-1', subject: 'Else' });
    expect(codeOf(other)).toEqual([400, 'ErrorDuplicateTransactionId']);
    expect(other.body.error).not.toHaveProperty('@event.existingEventId');
    Object.assign(graph.sim.behaviour, { duplicateTransactionStatus: 409, duplicateTellsEventId: 1 });
    const told = await create({ transactionId: 't-1', subject: 'Else' });
    expect([told.status, told.body.error['@event.existingEventId']]).toEqual([409, first.body.id]);
  });

  it('keep their transactionId taken after they are deleted', async () => {
    const first = await create({ transactionId: 't-1' });
    await graph.call(`/me/events/${first.body.id}`, { method: 'DELETE' });
    expect(codeOf(await create({ transactionId: 't-1' }))).toEqual([400, 'ErrorDuplicateTransactionId']);
    graph.sim.behaviour.transactionIdsOutliveEvents = false;
    expect((await create({ transactionId: 't-1' })).body.id).not.toBe(first.body.id);
  });

  it('cannot change their transactionId', async () => {
    const made = await create();
    expect((await graph.call(`/me/events/${made.body.id}`, { method: 'PATCH', body: { transactionId: 't-2' } })).status).toBe(400);
  });

  it('are found by an extended property whatever the case of its value, not of its name', async () => {
    const made = await create({ singleValueExtendedProperties: [{ id: property, value: 'aBc' }] });
    const find = (id: string, value: string, more = ''): Promise<Answer> => graph.call(`/me/events?$filter=${encodeURIComponent(`singleValueExtendedProperties/Any(ep: ep/id eq '${id}' and ep/value eq '${value}')`)}${more}`);
    const [found] = (await find(property, 'ABC')).body.value;
    expect(found).toMatchObject({ id: made.body.id });
    expect(found).not.toHaveProperty('singleValueExtendedProperties');
    expect((await find(property.replace('bookingId', 'bookingID'), 'aBc')).body.value).toEqual([]);
    const expand = `&$select=id&$expand=${encodeURIComponent(`singleValueExtendedProperties($filter=id eq '${property}')`)}`;
    expect((await find(property, 'abc', expand)).body.value).toEqual([{ '@odata.etag': made.body['@odata.etag'], id: made.body.id, singleValueExtendedProperties: [{ id: property, value: 'aBc' }] }]);
  });

  it('refuse a filter or a member of $select that does not exist', async () => {
    expect(codeOf(await graph.call("/me/events?$filter=transactionId eq 't'"))).toEqual([400, 'ErrorInvalidUrlQueryFilter']);
    expect((await graph.call('/me/events?$select=id,colour')).status).toBe(400);
  });

  it('change their etag with every change, and refuse one that is not the last', async () => {
    const made = await create();
    const patch = (match: string): Promise<Answer> => graph.call(`/me/events/${made.body.id}`, { method: 'PATCH', body: { subject: 'New' }, headers: { 'if-match': match } });
    const patched = await patch(String(made.body['@odata.etag']));
    expect([patched.status, patched.body['subject'], patched.body['iCalUId']]).toEqual([200, 'New', made.body['iCalUId']]);
    expect(patched.body['@odata.etag']).not.toBe(made.body['@odata.etag']);
    expect(codeOf(await patch(String(made.body['@odata.etag'])))).toEqual([412, 'ErrorIrresolvableConflict']);
    graph.sim.behaviour.ifMatch = false;
    expect((await patch('W/"old"')).status).toBe(200);
  });

  it('are deleted once: 204, then 404, unless the bin can be read', async () => {
    const made = await create();
    const path = `/me/events/${made.body.id}`;
    expect((await graph.call(path, { method: 'DELETE' })).status).toBe(204);
    expect(codeOf(await graph.call(path, { method: 'DELETE' }))).toEqual([404, 'ErrorItemNotFound']);
    expect(codeOf(await graph.call(path))).toEqual([404, 'ErrorItemNotFound']);
    graph.sim.behaviour.deletedEventsReadable = true;
    expect((await graph.call(path)).body['isCancelled']).toBe(true);
  });

  it('have an id in either form, and its case matters', async () => {
    const made = await create({}, 'IdType="ImmutableId"');
    expect((await graph.call(`/me/events/${made.body.id}`)).body.id).not.toBe(made.body.id);
    const swapped = made.body.id.replace(/[a-z](?=[^a-z]*$)/u, (letter) => letter.toUpperCase());
    expect((await graph.call(`/me/events/${swapped}`)).status).toBe(404);
  });

  it('of a series list their instances in pages, whole', async () => {
    const path = `/me/events/${series()}/instances?startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-06-01T00:00:00Z&$select=subject,start,type&$top=8`;
    const first = await graph.call(path);
    const second = await graph.call(String(first.body['@odata.nextLink']));
    expect([first.body.value.length, second.body.value.length, second.body['@odata.nextLink']]).toEqual([8, 3, undefined]);
    expect(first.body.value[2]).toMatchObject({ subject: 'Weekly', type: 'occurrence', start: { dateTime: '2026-03-30T07:00:00.0000000' } });
    expect(Object.keys(first.body.value[0] ?? {})).toEqual(['@odata.etag', 'id', 'subject', 'type', 'start']);
  });

  it('of a series differ in their iCalUId', async () => {
    const { body } = await graph.call(`/me/events/${series()}/instances?startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-04-01T00:00:00Z`);
    expect(new Set(body.value.map((row) => row['iCalUId'])).size).toBe(3);
  });

  it('are not written into a calendar that cannot be edited, nor by one who may only read', async () => {
    expect(codeOf(await graph.call('/me/calendars/cal-holidays/events', { method: 'POST', body: booking }))).toEqual([403, 'ErrorAccessDenied']);
    const reader = graph.sim.addAccount({ email: 'r@contoso.example', scopes: ['Calendars.Read'] });
    const headers = { authorization: `Bearer ${reader.accessToken}` };
    expect((await graph.call('/me/events', { headers })).status).toBe(200);
    expect(codeOf(await graph.call('/me/events', { method: 'POST', body: booking, headers }))).toEqual([403, 'ErrorAccessDenied']);
  });

  it('are cancelled by their organizer alone', async () => {
    const invited = graph.human('Board', '2026-04-01T09:00:00', { isOrganizer: false, responseStatus: { response: 'accepted', time: '2026-01-01T00:00:00Z' } });
    expect((await graph.call(`/me/events/${String(invited['id'])}/cancel`, { method: 'POST', body: { comment: 'no' } })).status).toBe(400);
    const made = await create();
    expect((await graph.call(`/me/events/${made.body.id}/cancel`, { method: 'POST', body: {} })).status).toBe(202);
    expect((await graph.call(`/me/events/${made.body.id}`)).status).toBe(404);
  });

  it('lie in calendars that the mailbox lists', async () => {
    const { body } = await graph.call('/me/calendars');
    expect(body.value).toMatchObject([{ id: 'cal-main', name: 'Calendar', isDefaultCalendar: true, canEdit: true }, { id: 'cal-holidays', isDefaultCalendar: false, canEdit: false }]);
    expect((await graph.call('/me/calendars?$select=id,canEdit&$top=1')).body).toMatchObject({ value: [{ id: 'cal-main', canEdit: true }], '@odata.nextLink': expect.stringContaining('$skip=1') });
    expect((await graph.call('/me/calendars?$select=colour')).status).toBe(400);
  });
});

describe('a mailbox of Graph', () => {
  let graph: GraphCaller;
  afterEach(() => graph.sim.close());

  it('has at most four requests in hand', async () => {
    graph = await startGraphCaller();
    graph.sim.behaviour.latencyMs = 150;
    const answers = await Promise.all(Array.from({ length: 6 }, () => graph.call('/me/calendars')));
    const refused = answers.filter((answer) => answer.status === 429);
    expect(refused).toHaveLength(2);
    expect(refused[0]?.body.error['code']).toBe('ApplicationThrottled');
    expect([refused[0]?.headers.get('retry-after'), refused[0]?.headers.get('ratelimit-scope')]).toEqual(['1', 'Mailbox']);
  });

  it('refuses a zone in Prefer that does not exist', async () => {
    graph = await startGraphCaller();
    expect((await graph.call('/me/events', { prefer: 'outlook.timezone="Nowhere"' })).body.error['code']).toBe('TimeZoneNotSupportedException');
  });
});
