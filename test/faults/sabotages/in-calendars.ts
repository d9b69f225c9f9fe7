// What is read of a calendar, and how it is asked.
import { inFile, type Sabotage } from './sabotage.ts';

export const inCalendars: readonly Sabotage[] = [
  ...inFile('lib/calendars/google/event-page.ts', ['lib/calendars/google/event-page', 'contracts/google'], [
    { id: 'google-all-day-in-utc', breaks: 'An all-day event covers its dates in the calendar’s own zone.', find: "return dateSpan(text(first['date']) ?? '', text(last['date']) ?? '', zone);", replace: "return dateSpan(text(first['date']) ?? '', text(last['date']) ?? '', zone && 'UTC');" },
    { id: 'strange-items-skipped', breaks: 'An item that cannot be understood fails the page: to skip it could free time that is taken.', find: 'understood.length !== items.length || (', replace: '(' },
    { id: 'out-of-office-is-free', breaks: 'Out of office blocks.', find: "outOfOffice: 'away',", replace: "outOfOffice: 'free'," },
  ]),
  ...inFile('lib/calendars/microsoft/event-row.ts', ['lib/calendars/microsoft/event-row', 'contracts/microsoft'], [
    { id: 'graph-all-day-in-utc', breaks: 'An all-day event covers its dates in its own zone.', find: 'allDaySpan(times, zone ?? fallback)', replace: "allDaySpan(times, (zone ?? fallback) && 'UTC')" },
    { id: 'bare-occurrence-is-free', breaks: 'A bare occurrence takes its status from its series.', find: "(type === 'occurrence' || text(event['showAs']) === undefined)", replace: "type === 'nothing'" },
  ]),
  ...inFile('lib/calendars/blocking.ts', ['lib/calendars/blocking'], [
    { id: 'tentative-is-free', breaks: 'What is not settled blocks unless the provider says otherwise.', find: 'tentativeBlocks = true }', replace: 'tentativeBlocks = false }' },
    { id: 'declined-blocks', breaks: 'What its owner declined does not block.', find: "if (facts.cancelled || facts.answer === 'declined') return false;", replace: 'if (facts.cancelled) return false;' },
  ]),
  ...inFile('lib/calendars/all-day.ts', ['lib/calendars/all-day'], [
    { id: 'unknown-zone-is-utc', breaks: 'Without a zone an all-day event covers every zone’s day.', find: '{ start: first - hours(14), end: until + hours(12) }', replace: '{ start: first - hours(0), end: until + hours(0) }' },
  ]),
  ...inFile('lib/calendars/google/list-events.ts', ['contracts/google-ways', 'contracts/google', 'lib/calendars/google/open-google'], [
    { id: 'titles-are-read', breaks: 'Reads ask for start, end, status and ids, and for nothing more.', find: "'items(id,status,etag,", replace: "'items(id,summary,status,etag," },
    { id: 'google-410-is-failure', breaks: 'A delta that Google refuses with 410 or 400 is a forgotten cursor.', find: "throw new CalendarError('cursor_gone', { status, reason });", replace: "throw new CalendarError('unavailable', { status, reason });" },
    { id: 'pages-for-ever', breaks: 'A list that never ends is given up.', find: "if (seen.has(page.next)) throw new CalendarError('unavailable', { reason: 'page_token_repeated' });", replace: 'seen.delete(page.next);' },
    { id: 'old-cursor-trusted', breaks: 'A cursor of other parameters asks for a new list.', find: "if (!cursor.startsWith(cursorPrefix)) throw new CalendarError('cursor_gone', { reason: 'other_parameters' });", replace: '' },
  ]),
  ...inFile('lib/calendars/google/call.ts', ['lib/calendars/google/open-google', 'contracts/google-ways', 'contracts/google'], [
    { id: 'google-library-retries', breaks: 'Retries are ours: the library’s ignore Retry-After, the lease and the gates.', find: 'retry: false,', replace: 'retry: true, retryConfig: { retry: 3, statusCodesToRetry: [[429, 429], [500, 599]] },' },
    { id: 'google-gate-not-asked', breaks: 'The flags are looked at before each call.', find: '    await session.permit();\n', replace: '', suites: ['lib/calendars/google/open-google', 'faults/kill-switch'] },
    { id: 'google-token-not-renewed', breaks: 'A refused token is renewed once.', find: 'if (!refusesToken(first)) return first;', replace: 'if (first) return first;' },
    { id: 'google-redirect-followed', breaks: 'A bearer token follows no redirect.', find: "redirect: 'manual',", replace: '' },
  ]),
  ...inFile('lib/calendars/google/fault.ts', ['lib/calendars/google/fault'], [
    { id: 'google-retry-after-unread', breaks: 'What Google asks us to wait is read.', find: 'retryAfterMs: retryAfterMs(headers) ?? unasked', replace: 'retryAfterMs: unasked' },
    { id: 'google-sentence-logged', breaks: 'Of Google’s errors only words are kept, never a sentence.', find: "/^[\\w.-]{1,60}$/.test(text(value) ?? '')", replace: "typeof value === 'string'" },
    { id: 'rate-limit-is-unreadable', breaks: 'A rate limit is no calendar that was taken away.', find: "userRateLimitExceeded: 'throttled',", replace: "userRateLimitExceeded: 'unreadable'," },
  ]),
  ...inFile('lib/calendars/call-limits.ts', ['lib/calendars/call-limits'], [
    { id: 'call-past-the-lease', breaks: 'A call begins only if its deadline ends before the lease does.', find: "if (clock() + ms > session.endsAt) throw new CalendarError('out_of_time');", replace: '' },
  ]),
  ...inFile('lib/calendars/microsoft/event-lists.ts', ['lib/calendars/microsoft/event-lists', 'lib/calendars/microsoft/open-microsoft', 'contracts/microsoft'], [
    { id: 'graph-foreign-link-followed', breaks: 'A bearer token goes to no other host, whatever a link says.', find: 'if (!cursor.startsWith(cursorPrefix) || !leadsTo(graphUrl, link))', replace: 'if (!cursor.startsWith(cursorPrefix))' },
    { id: 'graph-removed-series-left', breaks: 'A series that was deleted takes its occurrences with it.', find: 'if (!this.alive.has(id)) sets.push(', replace: 'if (this.alive.has(id)) sets.push(' },
    { id: 'former-series-left', breaks: 'An event that recurs no more leaves no occurrence behind.', find: 'new Set([...this.removed, ...this.single])', replace: 'this.removed', suites: ['lib/inbound/repairs'] },
  ]),
];
