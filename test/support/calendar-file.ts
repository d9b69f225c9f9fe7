/** An iCalendar file of plain events, one line of UTC times each: for calendars of thousands. */
export function calendarFile(spans: readonly { readonly start: number; readonly end: number }[]): string {
  const utc = (ms: number): string => new Date(ms).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const events = spans.flatMap(({ start, end }, n) => ['BEGIN:VEVENT', `UID:event-${n}@example.com`, `SUMMARY:Event ${n}`, `DTSTAMP:${utc(start)}`, `DTSTART:${utc(start)}`, `DTEND:${utc(end)}`, 'END:VEVENT']);
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//example//EN', ...events, 'END:VCALENDAR', ''].join('\r\n');
}
