import { object, text } from '../json.ts';
import type { CalendarInfo } from '../port.ts';
import type { GraphCall } from './call.ts';
import { malformed } from './fault.ts';
import { pagesFrom } from './pages.ts';

function readCalendar(value: unknown): CalendarInfo {
  const calendar = object(value);
  const id = text(calendar['id']);
  if (id === undefined) throw malformed('calendar');
  return { id, name: text(calendar['name']) ?? '', primary: calendar['isDefaultCalendar'] === true, writable: calendar['canEdit'] === true };
}

/** The calendars of the account's own mailbox; their ids are stable. */
export async function listCalendars(call: GraphCall): Promise<readonly CalendarInfo[]> {
  const calendars: CalendarInfo[] = [];
  for await (const { rows } of pagesFrom(call, '/me/calendars?$select=id,name,isDefaultCalendar,canEdit')) calendars.push(...rows.map(readCalendar));
  return calendars;
}
