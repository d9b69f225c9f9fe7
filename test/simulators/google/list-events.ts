// events.list: whole lists, deltas and their pages.
import { days } from '../../../lib/platform/clock.ts';
import type { Clock } from '../../../lib/platform/clock.ts';
import type { Json } from './event-record.ts';
import { eventView, goneView } from './event-view.ts';
import type { Showing } from './event-view.ts';
import { fullSyncRequired, GoogleFault } from './google-fault.ts';
import type { ListPage, ListPages } from './list-pages.ts';
import { givesSyncToken, readListQuestion } from './list-question.ts';
import type { ListQuestion } from './list-question.ts';
import { deltaEntries, listEntries } from './selections.ts';
import { questionOf, readSyncToken, writeSyncToken } from './sync-token.ts';
import type { CalendarView, SimCalendar } from './world.ts';

export interface ListRules {
  readonly clock: Clock;
  readonly pages: ListPages;
  /** Caps maxResults, to force paging. */
  readonly pageSize: number;
  /** How far ahead an endless series is told. */
  readonly horizonDays: number;
}

/** `updatedMin` reaches back about a month. */
const updatedReach = days(28);

export interface ListAsked {
  readonly view: CalendarView;
  readonly query: URLSearchParams;
  readonly freeBusyOnly: boolean;
}

/** One page, as the resource `calendar#events`. */
export function listEvents(rules: ListRules, { view, query, freeBusyOnly }: ListAsked): Json {
  const question = readListQuestion(query);
  const { calendar } = view;
  checkUpdatedMin(question, rules.clock());
  const asked = { calendar, question, query };
  const page = question.pageToken === undefined ? begin(rules, asked) : rules.pages.next(question.pageToken, `${calendar.resourceId} ${questionOf(query, true)}`);
  const zone = question.zone ?? calendar.zone;
  const showing: Showing = { view, zone, freeBusyOnly, ...(question.maxAttendees === undefined ? {} : { maxAttendees: question.maxAttendees }) };
  return {
    kind: 'calendar#events',
    etag: `"p${calendar.store.seq()}.${calendar.tokenEpoch}.${calendar.zone}.${questionOf(query, true)}.${question.pageToken ?? ''}"`,
    summary: calendar.summary,
    description: '',
    updated: new Date(rules.clock()).toISOString(),
    timeZone: calendar.zone,
    accessRole: view.accessRole,
    defaultReminders: [],
    ...position(page),
    items: page.entries.map((entry) => ('gone' in entry ? goneView(entry.gone, zone) : eventView(entry.record, showing))),
  };
}

const position = ({ nextPageToken, nextSyncToken }: ListPage): Json => ({
  ...(nextPageToken === undefined ? {} : { nextPageToken }),
  ...(nextSyncToken === undefined ? {} : { nextSyncToken }),
});

interface Begun {
  readonly calendar: SimCalendar;
  readonly question: ListQuestion;
  readonly query: URLSearchParams;
}

function begin({ clock, pages, pageSize, horizonDays }: ListRules, { calendar, question, query }: Begun): ListPage {
  const asked = questionOf(query);
  const point = question.syncToken === undefined ? undefined : readSyncToken(question.syncToken);
  if (point !== undefined && (point.resourceId !== calendar.resourceId || point.epoch !== calendar.tokenEpoch || point.seq > calendar.store.seq())) throw fullSyncRequired();
  if (point !== undefined && point.question !== asked) {
    throw new GoogleFault(400, 'invalidParameter', { message: 'The parameters differ from those of the list that gave the sync token.', location: 'syncToken' });
  }
  const reach = Math.max(clock() + days(horizonDays), question.timeMax ?? 0, point?.reach ?? 0);
  const { store, zone: calendarZone, resourceId, tokenEpoch: epoch } = calendar;
  const selection = { store, question, calendarZone, reach };
  const entries = point === undefined ? listEntries(selection) : deltaEntries(selection, point.seq);
  const nextSyncToken = givesSyncToken(question) ? { nextSyncToken: writeSyncToken({ resourceId, seq: store.seq(), epoch, question: asked, reach }) } : {};
  return pages.begin({ entries, question: `${resourceId} ${questionOf(query, true)}`, ...nextSyncToken }, Math.min(question.maxResults, pageSize));
}

function checkUpdatedMin({ updatedMin }: ListQuestion, now: number): void {
  if (updatedMin === undefined || updatedMin > now - updatedReach) return;
  throw new GoogleFault(410, 'updatedMinTooLongAgo', { domain: 'calendar', message: 'The requested minimum modification time lies too far in the past.', location: 'updatedMin' });
}
