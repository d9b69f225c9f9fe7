import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';

/** Moves aside a message that can never succeed: its original body, with why and which it was: after a redrive, still the id it first had. The caller then lets it be deleted. */
export type DeadLetters = (record: SQSRecord, reason: string) => Promise<void>;

export const deadLetters =
  (sqs: SQSClient, queueUrl: string): DeadLetters =>
  async ({ body, messageId, messageAttributes }, reason) => {
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: body,
        MessageAttributes: { reason: { DataType: 'String', StringValue: reason }, messageId: { DataType: 'String', StringValue: messageAttributes?.['messageId']?.stringValue ?? messageId } },
      }),
    );
  };
