// Steps that journeys through a whole local run have in common.
import { randomUUID } from 'node:crypto';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { days, hours } from '../../lib/platform/clock.ts';
import { eventually, type Patience } from './eventually.ts';
import { settled } from './inbox-rows.ts';
import type { Connected, ConnectInput, Platform } from './platform.ts';

export interface Span {
  readonly start: number;
  readonly end: number;
}

const origin = Math.ceil(Date.now() / hours(1)) * hours(1) + days(2);
/** Half of the nth of the hours that tests share; it touches no other. */
export const hour = (n: number): Span => ({ start: origin + hours(n), end: origin + hours(n) + hours(0.5) });

export interface Professional extends Connected {
  readonly providerId: string;
}

/** A professional whose one calendar is connected and read. */
export async function professional(platform: Platform, provider: CalendarProvider, input: Partial<ConnectInput> = {}): Promise<Professional> {
  const providerId = randomUUID();
  const connected = await platform.connect({ provider, providerId, ...input });
  // A calendar of hundreds of events on a busy machine takes its time.
  await settled(platform, connected.connection.connection_id, { withinMs: 60_000 });
  return { ...connected, providerId };
}

/** Busy time within a span, in milliseconds. */
export async function busyWithin(platform: Platform, providerId: string, { start, end }: Span): Promise<Span[]> {
  const { busy } = await platform.busy(providerId, start, end);
  return busy.map((interval) => ({ start: Date.parse(interval.start), end: Date.parse(interval.end) }));
}

/** Waits until the busy time within a span is just this. */
export const becomesBusy = (platform: Platform, providerId: string, { within, at, patience }: { within: Span; at: readonly Span[]; patience?: Patience }): Promise<unknown> =>
  eventually(`busy at ${JSON.stringify(at)}`, async () => JSON.stringify(await busyWithin(platform, providerId, within)) === JSON.stringify(at), patience);
