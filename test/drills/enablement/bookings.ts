import { randomUUID } from 'node:crypto';
import { bookingRows } from '../../support/booking-rows.ts';
import { eventually } from '../../support/eventually.ts';
import type { Span } from '../../support/journey.ts';
import type { BookingInput, Platform } from '../../support/platform.ts';

export const bookingOf = (providerId: string, { start, end }: Span, version = 1, id: string = randomUUID()): BookingInput => ({
  id, version, provider_id: providerId, title: 'Consultation', description: 'First visit', start_time: new Date(start).toISOString(), end_time: new Date(end).toISOString(),
});

/** The booking's one target, once it shows this version and nothing of it is pending. */
export const applied = (platform: Pick<Platform, 'dynamo' | 'outputs'>, id: string, version: number, withinMs = 30_000): Promise<Record<string, unknown>> =>
  eventually(
    `version ${version} of booking ${id} is applied`,
    async () => {
      const { wish, targets } = await bookingRows(platform, id);
      const [target] = targets;
      return targets.length === 1 && wish?.['pendingSince'] === undefined && target?.['appliedVersion'] === version && target;
    },
    { withinMs },
  );
