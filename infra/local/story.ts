// The story that `npm start` tells: the main job, done for real by the stack that runs here, told in plain words with the time that each
// step took. Everything is asked from outside: of the HTTP API, of the queues, of the simulated calendars.
import { randomUUID } from 'node:crypto';
import { hours, days } from '../../lib/platform/clock.ts';
import { platform, type BookingInput, type Connected, type Platform } from '../../test/support/platform.ts';
import { IcsError, readIcs } from '../../test/simulators/ics.ts';
import type { Sandbox } from './sandbox.ts';
import { teller, type Teller } from './teller.ts';
import type { CalendarFile, StoryOptions, TellStory } from './telling.ts';

const names = { google: 'Google', microsoft: 'Outlook' } as const;
type Name = keyof typeof names;

export const tellStory: TellStory = async (sandbox, options) => {
  for (const file of [...options.google, ...options.microsoft]) refuseUnreadable(file);
  const told = teller(options);
  const world = platform(sandbox.outputs, sandbox.clock.now);
  await world.open();
  told.heading('The operator sets the secrets, turns the flags on and allows everybody (for this run only).');
  for (const provider of ['google', 'microsoft'] as const) {
    told.heading(`${names[provider]}: a professional connects a calendar.`);
    const providerId = `${provider}-professional`;
    const connected = await connectStory({ world, told, provider, providerId });
    const run = { sandbox, world, told, provider, providerId, connected, hour: nextHour(sandbox.clock.now()) };
    await told.step('its first complete read makes the time bookable', async () => (await busyNow(run)).bookable);
    await inboundStory(run);
    await outboundStory(run);
    await forgeryStory(run);
  }
  await fileStories({ sandbox, world, told }, options);
  return told.held();
};

/** A real consent: the link, the provider's page, and back. */
async function connectStory({ world, told, provider, providerId }: Pick<Run, 'world' | 'told' | 'provider' | 'providerId'>): Promise<Connected> {
  const connected = await told.step(`the platform asks for a link; the person agrees on ${names[provider]}'s page and comes back connected`, () => world.connect({ provider, providerId }));
  if (connected === undefined) throw new Error('Without a connection there is no story.');
  const { scopes, watches } = connected.connection;
  told.check(`what was granted was read back (${scopes.length} scopes), and ${watches.length} watch stands`, scopes.length > 0 && watches.length === 1);
  return connected;
}

/** Before anything else: a file that can't be read is refused with its line. */
function refuseUnreadable({ path, ics }: CalendarFile): void {
  try {
    readIcs(ics, { defaultZone: 'UTC' });
  } catch (error) {
    throw error instanceof IcsError ? new Error(`${path}, ${error.message}`) : error;
  }
}

interface Run {
  readonly sandbox: Sandbox;
  readonly world: Platform;
  readonly told: Teller;
  readonly provider: Name;
  readonly providerId: string;
  readonly connected: Connected;
  /** A full hour tomorrow; everything of the story happens after it. */
  readonly hour: number;
}

const nextHour = (now: number): number => Math.ceil(now / hours(1)) * hours(1) + days(1);
const at = (run: Run, n: number): { start: number; end: number } => ({ start: run.hour + hours(n), end: run.hour + hours(n + 1) });
const iso = (ms: number): string => new Date(ms).toISOString();

const busyNow = ({ world, providerId, hour }: Run) => world.busy(providerId, hour, hour + days(40));
async function slot(run: Run, span: { start: number; end: number }): Promise<string> {
  const { body } = await run.world.availability(run.providerId, { slots: [{ start: iso(span.start), end: iso(span.end) }] });
  return String((body['slots'] as { status: string }[])[0]?.status);
}

async function inboundStory(run: Run): Promise<void> {
  const { told, connected: { person } } = run;
  const dentist = at(run, 1);
  told.check('the slot tomorrow is free', (await slot(run, dentist)) === 'free');
  const eventId = await person.add('Dentist', dentist);
  await told.step('a person adds an event by hand → the slot is gone', async () => (await slot(run, dentist)) === 'busy');
  await person.remove(eventId);
  await told.step('the person deletes it → the slot is free again', async () => (await slot(run, dentist)) === 'free');

  const first = at(run, 3);
  const week = (n: number) => ({ start: first.start + days(7 * n), end: first.end + days(7 * n) });
  const series = await person.addWeekly('Team', first, 4);
  await told.step('a weekly series of four → all four slots are gone', async () => (await busyNow(run)).busy.length === 4);
  const moved = { start: week(1).start + hours(5), end: week(1).end + hours(5) };
  await person.moveInstance(series, sameWallClock(run, first.start, 1), moved);
  await told.step('one of them moved by five hours → the old slot is free, the new one gone', async () => (await slot(run, moved)) === 'busy' && (await slot(run, week(1))) === 'free');
  await person.cancelInstance(series, sameWallClock(run, first.start, 2));
  await told.step('another one cancelled → its slot is free again', async () => (await slot(run, week(2))) === 'free' && (await busyNow(run)).busy.length === 3);
}

/** The start n weeks on at the same wall clock time, across a change of clocks too. */
function sameWallClock({ connected: { connection } }: Run, start: number, weeks: number): number {
  const zone = connection.zone ?? 'UTC';
  const offset = (ms: number): number => Date.parse(`${new Date(ms).toLocaleString('sv-SE', { timeZone: zone }).replace(' ', 'T')}Z`) - ms;
  const then = start + days(7 * weeks);
  return then + offset(start) - offset(then);
}

async function outboundStory(run: Run): Promise<void> {
  const { told, world, providerId, connected: { person } } = run;
  const before = (await person.events()).length;
  const bookingId = randomUUID(); // engines given from outside may remember an earlier story
  const booking = (version: number, span: { start: number; end: number }): BookingInput => ({
    id: bookingId, version, provider_id: providerId, title: 'Consultation with Ada', description: 'First visit', start_time: iso(span.start), end_time: iso(span.end),
  });
  const ours = async () => (await person.events()).filter(({ title }) => title === 'Consultation with Ada');

  await world.publish('created', booking(1, at(run, 8)));
  const [event] = (await told.step('a booking is made → one event in the calendar', async () => found(await ours(), (events) => events.length === 1 && events[0]?.start === at(run, 8).start))) ?? [];
  told.line(`     its id there is ${event?.id}, its UID ${event?.icalUid}`);
  await world.publish('created', booking(1, at(run, 8)));
  const { body } = await world.post('/v1/sync/outbound', { booking_id: bookingId });
  told.check(`the same message again, and "sync now" on top → nothing new (${String(body['outcome'])})`, (await person.events()).length === before + 1);
  await world.publish('updated', booking(2, at(run, 10)));
  const [movedEvent] = (await told.step('the booking moves → the same event, at the new time', async () => found(await ours(), (events) => events.length === 1 && events[0]?.start === at(run, 10).start))) ?? [];
  told.check('its id and its UID are the same as before', movedEvent?.id === event?.id && movedEvent?.icalUid === event?.icalUid);
  await world.publish('cancelled', booking(3, at(run, 10)));
  await told.step('the booking is cancelled → the event is gone', async () => (await ours()).length === 0);
}

const found = <T>(values: T, holds: (values: T) => boolean): T | false => (holds(values) ? values : false);

async function forgeryStory({ sandbox, told, provider, connected: { connection } }: Run): Promise<void> {
  const { calls } = countCalls(sandbox);
  const forged = `v1.w1.${connection.connection_id}.AAAA`;
  const response = await fetch(`${sandbox.apiUrl}/webhooks/${provider}`, {
    method: 'POST',
    ...(provider === 'google'
      ? { headers: { 'x-goog-channel-id': 'forged', 'x-goog-channel-token': forged, 'x-goog-message-number': '7', 'x-goog-resource-id': 'r', 'x-goog-resource-state': 'exists' } }
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ value: [{ subscriptionId: 's', clientState: forged, changeType: 'updated', resourceData: { id: 'e', '@odata.etag': 'x' } }] }) }),
  });
  // Genuine notices may be under way too: the forged one is known by how its function says that it ended.
  const made = await told.step(`a webhook with a wrong token → ${response.status}`, async () => {
    const line = sandbox.logs(`${provider}-webhook`).find((logged) => logged.line.includes('"outcome":"not_authentic"'));
    const counted = line && calls.get(line.requestId);
    return counted === undefined ? false : { counted };
  });
  told.check(`it made ${made?.counted} calls to the tables and the queues`, response.status === 401 && made?.counted === 0);
}

/** Calls to the tables and the queues, by invocation. */
function countCalls({ on, endpoints }: Sandbox): { calls: Map<string, number> } {
  const calls = new Map<string, number>();
  const counted = new Set([new URL(endpoints.dynamodb).host, new URL(endpoints.sqs).host]);
  on('invocation', ({ requestId, calls: made = {} }) => void calls.set(requestId, Object.entries(made).reduce((sum, [host, n]) => sum + (counted.has(host) ? n : 0), 0)));
  return { calls };
}

/** Real exports, each in a calendar of its own. */
async function fileStories({ sandbox, world, told }: Pick<Run, 'sandbox' | 'world' | 'told'>, options: StoryOptions): Promise<void> {
  const files: [Name, CalendarFile, number][] = [...options.google.map((file, n) => ['google', file, n] as const), ...options.microsoft.map((file, n) => ['microsoft', file, n] as const)].map(([provider, file, n]) => [provider, file, n]);
  for (const [provider, file, n] of files) {
    told.heading(`${names[provider]}: a calendar filled from ${file.path}.`);
    const providerId = `${provider}-file-${n + 1}`;
    await world.connect({ provider, providerId, ics: file.ics });
    const from = sandbox.clock.now();
    const busy = await told.step('its first complete read', async () => found(await world.busy(providerId, from, from + days(180)), ({ bookable }) => bookable));
    const total = (busy ? busy.busy : []).reduce((sum, { start, end }) => sum + Date.parse(end) - Date.parse(start), 0);
    told.line(`     ${busy ? busy.busy.length : 0} busy intervals in the next 180 days, ${Math.round(total / hours(1))} hours in all: GET /v1/providers/${providerId}/busy`);
  }
}
