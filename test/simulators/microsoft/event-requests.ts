// Events one by one: read, create, change, delete, cancel, and the lists of them.
import type { SimResponse } from '../simulator-server.ts';
import { etag, readEventId } from './event-ids.ts';
import type { EventName } from './event-ids.ts';
import { idOf } from './event-json.ts';
import type { SimEvent, View } from './event-model.ts';
import { viewOf } from './event-model.ts';
import { askedEvent, checkSelect, filterOf, paged } from './event-query.ts';
import { accessDenied, badRequest, GraphFailure, itemNotFound } from './graph-failure.ts';
import { instanceByKey, instancesOf, shownIn } from './instances.ts';
import { applied } from './prefer.ts';
import { insertEvent, patchEvent, removeEvent } from './write-events.ts';
import { jsonBody, shownTo, stretchOf } from './world.ts';
import type { GraphRequest } from './world.ts';

const answer = (request: GraphRequest, status: number, body: object): SimResponse => ({ status, headers: applied(request.prefer, request.headers['prefer'] as string | undefined), body });
const contextOf = (request: GraphRequest, what: string): object => ({ '@odata.context': `${request.world.url()}/v1.0/$metadata#users('${request.mailbox.oid}')/${what}` });
const entity = (request: GraphRequest, status: number, view: View): SimResponse => answer(request, status, { ...contextOf(request, 'events/$entity'), ...askedEvent(request, view) });

/** The name behind an id of a path; 404 for an id that was never given out. */
export function nameOf(request: GraphRequest, id: string): EventName {
  const name = readEventId(request.mailbox.idPart, id);
  if (name === undefined) throw /^AA[MkA-Za-z]/u.test(id) ? itemNotFound() : badRequest('Id is malformed.', 'ErrorInvalidIdMalformed');
  return name;
}

/** The event or instance as it stands; 404 where there is none. */
function found(request: GraphRequest, id: string, calendarId?: string): View {
  const name = nameOf(request, id);
  const newest = request.mailbox.newest(name.key);
  if (newest === undefined || (calendarId !== undefined && newest.event.calendarId !== calendarId)) throw itemNotFound();
  if (newest.deleted) {
    if (!request.world.behaviour.deletedEventsReadable || request.method !== 'GET') throw itemNotFound();
    return viewOf({ ...newest.event, fields: { ...newest.event.fields, isCancelled: true } });
  }
  const view = name.occurrence === undefined ? viewOf(newest.event) : instanceByKey(newest.event, name.occurrence);
  if (view === undefined) throw itemNotFound();
  return view;
}

export function readOne(request: GraphRequest, id: string, calendarId?: string): SimResponse {
  checkSelect(request);
  return entity(request, 200, found(request, id, calendarId));
}

function alive(request: GraphRequest, calendarId?: string): SimEvent[] {
  const { mailbox } = request;
  return [...mailbox.keys()].flatMap((key) => {
    const newest = mailbox.newest(key);
    return newest === undefined || newest.deleted || (calendarId !== undefined && newest.event.calendarId !== calendarId) ? [] : [newest.event];
  });
}

/** Single events and masters; with $filter, those with a property. */
export function listEvents(request: GraphRequest, calendarId?: string): SimResponse {
  const passes = filterOf(request.query.get('$filter'));
  return list(request, 'events', alive(request, calendarId).filter(passes).map(viewOf));
}

export function calendarView(request: GraphRequest, calendarId: string): SimResponse {
  const stretch = stretchOf(request.query);
  return list(request, 'calendarView', alive(request, calendarId).flatMap((event) => shownIn(event, stretch)));
}

export function listInstances(request: GraphRequest, id: string): SimResponse {
  const view = found(request, id);
  if (view.type !== 'seriesMaster') throw badRequest("The 'instances' are only available for a series master.", 'ErrorInvalidOperation');
  return list(request, 'events', instancesOf(view.event, stretchOf(request.query)));
}

function list(request: GraphRequest, what: string, views: View[]): SimResponse {
  checkSelect(request);
  const { value, link } = paged(request, views, (view) => askedEvent(request, view));
  return answer(request, 200, { ...contextOf(request, what), value, ...link });
}

const writable = (request: GraphRequest, calendarId: string): void => {
  if (request.mailbox.calendars.get(calendarId)?.canEdit !== true) throw accessDenied();
};

/** 201; also where the same app has sent the same event before. */
export function createOne(request: GraphRequest, calendarId: string): SimResponse {
  writable(request, calendarId);
  const { mailbox, world } = request;
  const body = jsonBody(request);
  const id = body['transactionId'];
  if (id !== undefined && typeof id !== 'string') throw badRequest('transactionId must be a string.', 'RequestBodyRead');
  const content = JSON.stringify([calendarId, body]);
  const known = typeof id === 'string' ? mailbox.transactions.get(id) : undefined;
  const earlier = known === undefined ? undefined : mailbox.newest(known.key);
  const taken = known !== undefined && (earlier?.deleted === false || world.behaviour.transactionIdsOutliveEvents);
  if (taken && earlier?.deleted === false && known.content === content) return entity(request, 201, viewOf(earlier.event));
  if (taken) throw duplicate(request, earlier?.event);
  const event = insertEvent({ mailbox, calendarId, clock: world.clock, writer: 'app' }, body);
  if (typeof id === 'string') mailbox.transactions.set(id, { key: event.key, content });
  const response = entity(request, 201, viewOf(event));
  return { ...response, headers: { ...response.headers, location: `${world.url()}/v1.0/users('${mailbox.oid}')/events('${idOf(viewOf(event), shownTo(request))}')` } };
}

function duplicate(request: GraphRequest, event: SimEvent | undefined): GraphFailure {
  const { behaviour, random } = request.world;
  const tells = event !== undefined && random() < behaviour.duplicateTellsEventId;
  return new GraphFailure(behaviour.duplicateTransactionStatus, 'ErrorDuplicateTransactionId', 'Your request can\'t be completed. The transactionId has already been used.', {
    extra: tells ? { '@event.existingEventId': idOf(viewOf(event), shownTo(request)) } : {},
  });
}

function checkMatch(request: GraphRequest, view: View): void {
  const wanted = request.headers['if-match'];
  if (!request.world.behaviour.ifMatch || wanted === undefined || wanted === '*' || wanted === etag(view.change)) return;
  throw new GraphFailure(412, 'ErrorIrresolvableConflict', 'The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item.');
}

export function patchOne(request: GraphRequest, id: string, calendarId?: string): SimResponse {
  const view = found(request, id, calendarId);
  writable(request, view.event.calendarId);
  const body = jsonBody(request);
  checkMatch(request, view);
  const { mailbox, world } = request;
  patchEvent({ mailbox, calendarId: view.event.calendarId, clock: world.clock, writer: 'app' }, nameOf(request, id), body);
  return entity(request, 200, found(request, id, calendarId));
}

export function deleteOne(request: GraphRequest, id: string, calendarId?: string): SimResponse {
  const view = found(request, id, calendarId);
  writable(request, view.event.calendarId);
  checkMatch(request, view);
  removeEvent({ mailbox: request.mailbox, calendarId: view.event.calendarId, clock: request.world.clock }, nameOf(request, id));
  return { status: 204 };
}

/** Only the organizer cancels a meeting; it then lies in Deleted Items. */
export function cancelOne(request: GraphRequest, id: string): SimResponse {
  const view = found(request, id);
  if (view.fields['isOrganizer'] === false) throw badRequest('You need to be an organizer to cancel a meeting.', 'ErrorInvalidRequest');
  deleteOne(request, id);
  return { status: 202 };
}
