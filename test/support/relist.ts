// A large calendar that must be listed anew while a reader asks all the time: what it sees missing, and how long both lists take.
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { days, hours, minutes } from '../../lib/platform/clock.ts';
import { calendarFile } from './calendar-file.ts';
import { channelOf, deliver, googleNotice, graphNotice, subscriptionOf, weather } from './deliveries.ts';
import { settled } from './inbox-rows.ts';
import type { Connected, Platform } from './platform.ts';
import type { LoggedRequest } from '../simulators/simulator-server.ts';
import type { Run } from './run.ts';

export interface RelistSeen {
  readonly provider: CalendarProvider;
  readonly events: number;
  readonly firstListMs: number;
  readonly relistMs: number;
  /** Times that the provider said that the cursor is gone. */
  readonly cursorsGone: number;
  /** Answers of GET …/busy while the list went on. */
  readonly readings: number;
  /** Intervals that stayed true and were missing from an answer: each time counts. */
  readonly missing: number;
  /** Of the changes that only the new list could tell, those that are in order after it. */
  readonly changesSeen: number;
  readonly changes: number;
}

export interface RelistOptions {
  readonly provider: CalendarProvider;
  readonly events: number;
  /** How long each list may take. */
  readonly withinMs: number;
}

/** Events that go, and as many that come, unnoticed before the list. */
const changesEach = 5;

/** Loads, forgets the provider's cursor, rings once, and reads until the new list is done. */
export async function seeRelist({ platform }: Run, { provider, events, withinMs }: RelistOptions): Promise<RelistSeen> {
  const simulator = platform.outputs.simulators[provider === 'google' ? 'google' : 'graph'];
  const [providerId, origin] = [`${provider}-${events}`, Math.ceil(Date.now() / hours(1)) * hours(1) + hours(1)];
  // None touches the next, so that none hides behind another once merged.
  const step = Math.floor((days(170) / (events + changesEach)) / minutes(1)) * minutes(1);
  const spanOf = (n: number) => ({ start: origin + n * step, end: origin + n * step + step / 2 });
  const spans = Array.from({ length: events }, (_, n) => spanOf(n));

  const began = performance.now();
  const connected = await platform.connect({ provider, providerId, ics: calendarFile(spans) });
  const window = { from: origin, to: origin + days(170) };
  const starts = async (): Promise<Set<number>> => new Set((await platform.busy(providerId, window.from, window.to)).busy.map(({ start }) => Date.parse(start)));
  const id = connected.connection.connection_id;
  await settled(platform, id, { withinMs, everyMs: 100 });
  const firstListMs = performance.now() - began;
  const first = await starts();
  if (first.size !== events) throw new Error(`The first list shows ${first.size} of ${events} events.`);

  await weather(simulator, { drop: 1 });
  const gone = await changeUnnoticed(connected, { spans, spanOf, events });
  await forgetCursors(simulator, provider);
  const stays = spans.filter((_, n) => !gone.has(n)).map(({ start }) => start);
  const reader = readAllTheTime(starts, stays);
  await slowDown(simulator, provider === 'google' ? 500 : 100);
  await fetch(`${simulator}/_sim/requests`, { method: 'DELETE' });
  const rang = performance.now();
  await ring(platform, connected, provider);
  await settled(platform, id, { withinMs, everyMs: 50 });
  const relistMs = performance.now() - rang;
  const seen = await reader.stop();
  await fetch(`${simulator}/_sim/faults`, { method: 'DELETE' });

  const cursorsGone = ((await (await fetch(`${simulator}/_sim/requests`)).json()) as LoggedRequest[]).filter(({ status }) => status === 410).length;
  const last = await starts();
  const came = Array.from({ length: changesEach }, (_, n) => spanOf(events + n).start).filter((start) => last.has(start)).length;
  const went = [...gone].filter((n) => !last.has(spanOf(n).start)).length;
  return { provider, events, firstListMs, relistMs, cursorsGone, ...seen, changesSeen: came + went, changes: 2 * changesEach };
}

/** A person adds and removes events while no notice goes out. Gives back which of the spans are gone. */
async function changeUnnoticed({ person }: Connected, { spans, spanOf, events }: { spans: readonly { start: number }[]; spanOf: (n: number) => { start: number; end: number }; events: number }): Promise<Set<number>> {
  const standing = await person.events();
  const gone = new Set<number>();
  for (let n = 0; n < changesEach; n += 1) {
    const index = Math.floor(((n + 0.5) * events) / changesEach);
    const event = standing.find(({ start }) => start === spans[index]?.start);
    if (event === undefined) throw new Error(`There is no event ${index} to remove.`);
    await person.remove(event.id);
    await person.add('New', spanOf(events + n));
    gone.add(index);
  }
  return gone;
}

/** The next read of every calendar is answered that its cursor is gone. */
export async function forgetCursors(simulator: string, provider: CalendarProvider): Promise<void> {
  await fetch(`${simulator}/_sim/${provider === 'google' ? 'sync' : 'delta'}-tokens/expire`, { method: 'POST', body: '{}' });
}

/** Every page comes late, so that the list goes on for many readings. */
async function slowDown(simulator: string, delayMs: number): Promise<void> {
  await fetch(`${simulator}/_sim/faults`, { method: 'POST', body: JSON.stringify({ method: 'GET', when: 'after', delayMs, times: 1000 }) });
}

async function ring({ outputs }: Platform, { connection }: Connected, provider: CalendarProvider): Promise<void> {
  const notice =
    provider === 'google'
      ? googleNotice(await channelOf(outputs, connection), 1_000_000)
      : graphNotice(await subscriptionOf(outputs, connection), 1_000_000);
  const { status } = await deliver(outputs, notice);
  if (status !== 202) throw new Error(`The notice was answered ${status}.`);
}

function readAllTheTime(starts: () => Promise<Set<number>>, stays: readonly number[]): { stop(): Promise<{ readings: number; missing: number }> } {
  const seen = { readings: 0, missing: 0 };
  let going = true;
  const reading = (async () => {
    while (going) {
      const there = await starts();
      seen.readings += 1;
      seen.missing += stays.filter((start) => !there.has(start)).length;
    }
  })();
  return {
    stop: async () => {
      going = false;
      await reading;
      return seen;
    },
  };
}
