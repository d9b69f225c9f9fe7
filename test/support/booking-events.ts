import type { SQSRecord } from 'aws-lambda';

/** A valid event; a bad case is one override. */
export const aBookingEvent = (booking: object = {}, top: object = {}) => ({
  id: 'e-1',
  type: 'booking.created',
  occurred_at: '2026-03-27T09:00:00Z',
  booking: { id: 'b-1', version: 1, provider_id: 'p-1', service_id: 's-1', title: 'Haircut', start_time: '2026-04-01T10:00:00Z', end_time: '2026-04-01T11:00:00Z', status: 'confirmed', ...booking },
  ...top,
});

let messages = 0;
export const aRecord = (body: unknown): SQSRecord => ({
  messageId: `m-${(messages += 1)}`,
  receiptHandle: 'r',
  body: typeof body === 'string' ? body : JSON.stringify(body),
  attributes: { ApproximateReceiveCount: '1', SentTimestamp: '0', SenderId: 's', ApproximateFirstReceiveTimestamp: '0' },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn',
  awsRegion: 'us-east-1',
});
