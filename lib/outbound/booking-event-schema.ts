/** What the booking service publishes, as JSON Schema (draft-07); docs/booking-event.schema.json is this, written out. Sizes in bytes of UTF-8 are checked beside it. */
export const bookingEventSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'https://calendar-sync/booking-event.schema.json',
  title: 'Booking event',
  description: 'One change of a booking, published to the booking queue. Unknown members are ignored.',
  type: 'object',
  required: ['id', 'type', 'occurred_at', 'booking'],
  properties: {
    id: { type: 'string', minLength: 1, maxLength: 256, description: 'Of this message, for tracing.' },
    type: { enum: ['booking.created', 'booking.updated', 'booking.cancelled'] },
    occurred_at: { type: 'string', format: 'date-time' },
    booking: {
      type: 'object',
      required: ['id', 'version', 'provider_id', 'service_id', 'title', 'start_time', 'end_time', 'status'],
      properties: {
        id: { type: 'string', minLength: 1, maxLength: 256 },
        version: { type: 'integer', minimum: 1, maximum: 9007199254740991, description: 'Grows with each change of the booking.' },
        provider_id: { type: 'string', minLength: 1, maxLength: 256 },
        service_id: { type: 'string', minLength: 1, maxLength: 256 },
        title: { type: 'string', maxLength: 1024, description: 'At most 1 KB.' },
        description: { type: 'string', maxLength: 8192, description: 'At most 8 KB.' },
        location: { type: 'string', maxLength: 1024, description: 'At most 1 KB.' },
        start_time: { type: 'string', format: 'date-time' },
        end_time: { type: 'string', format: 'date-time', description: 'After start_time.' },
        time_zone: { type: 'string', maxLength: 64, description: 'IANA name, for display in the calendar.' },
        status: { enum: ['pending', 'confirmed', 'cancelled'] },
      },
    },
  },
} as const;
