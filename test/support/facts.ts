// What the booking platform hears on calendar-changes, kept for all tests of a file.
import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { eventually, type Patience } from './eventually.ts';
import type { Run } from './run.ts';

export type Fact = Readonly<Record<string, unknown>>;

export interface Facts {
  /** Waits for one about a connection that is told and, where asked, fits. */
  heard(type: string, connectionId: string, fits?: (fact: Fact) => boolean): Promise<Fact>;
  /** All so far, each once however often it came. */
  all(type: string, connectionId: string): Promise<Fact[]>;
}

export function facts(run: () => Run, patience: Patience = { withinMs: 40_000 }): Facts {
  const told = new Map<unknown, Fact>();
  const listen = async (waitSeconds: number): Promise<boolean> => {
    const { sqs, outputs } = run().platform;
    const QueueUrl = outputs.queues['calendar-changes'];
    const { Messages: [message] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 1, WaitTimeSeconds: waitSeconds }));
    if (message === undefined) return false;
    const fact = JSON.parse(message.Body ?? '{}') as Fact;
    told.set(fact['id'], fact);
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
    return true;
  };
  const known = (type: string, connectionId: string): Fact[] => [...told.values()].filter((fact) => fact['type'] === type && fact['connection_id'] === connectionId);
  return {
    heard: (type, connectionId, fits = () => true) =>
      eventually(`${type} of ${connectionId}`, async () => {
        const found = known(type, connectionId).find(fits);
        if (found === undefined) await listen(1);
        return found;
      }, patience),
    async all(type, connectionId) {
      while (await listen(1));
      return known(type, connectionId);
    },
  };
}
