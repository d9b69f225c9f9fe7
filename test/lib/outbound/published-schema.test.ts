import { describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { toJsonSchema } from '@valibot/to-json-schema';
import { bookingEventSchema } from '../../../lib/outbound/booking-event.ts';

const file = new URL('../../../docs/booking-event.schema.json', import.meta.url);

/** Sizes in bytes, time zones and "end after start" are checked beside the schema, which JSON Schema cannot say. */
function published(): string {
  const schema = toJsonSchema(bookingEventSchema, { errorMode: 'ignore', target: 'draft-2020-12' });
  const head = { $schema: schema.$schema, title: 'Booking event', description: 'One change of a booking, published to the booking queue. Unknown members are ignored; description is at most 8 KB, title and location 1 KB, in bytes of UTF-8; end_time is after start_time.' };
  return `${JSON.stringify({ ...head, ...schema }, null, 2)}\n`;
}

describe('the published schema of booking events', () => {
  it('is the schema that messages are held to; UPDATE=1 writes it anew', () => {
    if (process.env['UPDATE'] === '1') writeFileSync(file, published());
    expect(readFileSync(file, 'utf8')).toBe(published());
  });
});
