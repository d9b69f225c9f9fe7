// Calendars of a mailbox, and who the mailbox belongs to.
import type { SimResponse } from '../simulator-server.ts';
import { checkSelect, paged, selected } from './event-query.ts';
import { itemNotFound } from './graph-failure.ts';
import type { SimCalendar } from './mailbox.ts';
import type { GraphRequest } from './world.ts';

/** The calendar that a path names; 404 where there is none. */
export function calendarOf(request: GraphRequest, id: string): SimCalendar {
  const calendar = request.mailbox.calendars.get(id);
  if (calendar === undefined) throw itemNotFound();
  return calendar;
}

const wholeCalendar = (request: GraphRequest, calendar: SimCalendar): Record<string, unknown> => ({
  id: calendar.id,
  name: calendar.name,
  color: 'auto',
  hexColor: '',
  isDefaultCalendar: calendar.isDefault,
  changeKey: 'ZlnW4RIAV06KYYwlrfNZvQAAALfbqQ==',
  canShare: calendar.canEdit && calendar.sharedBy === undefined,
  canViewPrivateItems: true,
  canEdit: calendar.canEdit,
  allowedOnlineMeetingProviders: ['teamsForBusiness'],
  defaultOnlineMeetingProvider: 'teamsForBusiness',
  isTallyingResponses: calendar.isDefault,
  isRemovable: !calendar.isDefault,
  owner: { name: calendar.sharedBy ?? request.mailbox.email, address: calendar.sharedBy ?? request.mailbox.email },
});

function calendarJson(request: GraphRequest, calendar: SimCalendar): object {
  const whole = wholeCalendar(request, calendar);
  checkSelect(request, new Set(Object.keys(whole)));
  return selected(whole, request.query.get('$select'));
}

const context = (request: GraphRequest, what: string): object => ({ '@odata.context': `${request.world.url()}/v1.0/$metadata#users('${request.mailbox.oid}')/${what}` });

export function listCalendars(request: GraphRequest): SimResponse {
  const { value, link } = paged(request, [...request.mailbox.calendars.values()], (calendar) => calendarJson(request, calendar));
  return { status: 200, body: { ...context(request, 'calendars'), value, ...link } };
}

export const readCalendar = (request: GraphRequest, calendar: SimCalendar): SimResponse => ({ status: 200, body: { ...context(request, 'calendars/$entity'), ...calendarJson(request, calendar) } });

export const readMe = (request: GraphRequest): SimResponse => ({
  status: 200,
  body: {
    '@odata.context': `${request.world.url()}/v1.0/$metadata#users/$entity`,
    id: request.mailbox.oid,
    displayName: request.mailbox.email,
    mail: request.mailbox.email,
    userPrincipalName: request.mailbox.email,
  },
});
