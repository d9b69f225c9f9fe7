// Bookings of a small world: wished for as the booking service would, and brought about as hints and upkeep would.
import { hours, minutes } from '../../lib/platform/clock.ts';
import { readBookingEvent } from '../../lib/outbound/booking-event.ts';
import type { TargetRow } from '../../lib/outbound/bookings.ts';
import { aBookingEvent } from './booking-events.ts';
import type { Connected, SmallWorld } from './small-world.ts';
import { drain, outbound } from './workers.ts';

let count = 0;
export const newId = (): string => `b-${(count += 1)}`;

/** An hour, so many hours from now. */
export const spanIn = (world: SmallWorld, from: number) => ({ start: world.clock() + hours(from), end: world.clock() + hours(from + 1) });

/** Records a version; five hours from now unless `at` says. */
export async function wishFor(world: SmallWorld, { providerId }: Pick<Connected, 'providerId'>, booking: { id: string; version: number; at?: number } & Record<string, unknown>): Promise<void> {
  const { at = 5, ...members } = booking;
  const { start, end } = spanIn(world, at);
  const read = readBookingEvent(aBookingEvent({ provider_id: providerId, start_time: new Date(start).toISOString(), end_time: new Date(end).toISOString(), ...members }));
  if (read.kind !== 'booking') throw new Error(read.detail);
  await outbound(world).bookings.record(read.booking, world.clock());
}

export const isPending = async (world: SmallWorld, id: string): Promise<boolean> => (await outbound(world).bookings.read(id)).wish?.pendingSince !== undefined;
export const targetOf = async (world: SmallWorld, id: string): Promise<TargetRow | undefined> => (await outbound(world).bookings.read(id)).targets[0];

/** As hints and upkeep bring it about, in the end: throws where they do not. */
export async function bringAbout(world: SmallWorld, id: string): Promise<void> {
  for (let tries = 0; tries < 6 && (await isPending(world, id)); tries += 1) {
    world.advance(minutes(6));
    await drain(world, id);
  }
  if (await isPending(world, id)) throw new Error(`${id} is pending still.`);
}
