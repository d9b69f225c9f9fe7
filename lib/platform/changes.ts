// Facts for the booking service, on the queue `calendar-changes`: at least once, the same fact always under the same id; the platform decides.
import { createHash } from 'node:crypto';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { messageBody } from './messages.ts';

export type ChangeType = 'busy.changed' | 'booking.conflict' | 'booking.event_moved' | 'booking.event_deleted' | 'connection.reauthorization_required' | 'connection.removed';

export interface Change {
  readonly type: ChangeType;
  readonly provider_id: string;
  readonly connection_id: string;
  readonly booking_id?: string;
  /** What made it so: an etag; for a deletion the event id; for a state since when; for a reminder its day. Part of the message's id. */
  readonly cause: string;
  /** Facts of this type, such as the new times of a moved event. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

export interface Changes {
  tell(change: Change, now: number): Promise<void>;
}

/** Stable over retries: of connection, booking, fact and its cause. */
export const changeId = ({ type, connection_id, booking_id = '', cause }: Change): string =>
  createHash('sha256').update(JSON.stringify([connection_id, booking_id, type, cause])).digest('base64url').slice(0, 32);

export const changesQueue = (sqs: SQSClient, queueUrl: string): Changes => ({
  async tell(change, now) {
    const { cause: _cause, detail, ...facts } = change;
    const body = { id: changeId(change), ...facts, occurred_at: new Date(now).toISOString(), ...detail };
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: messageBody(body) }));
  },
});
