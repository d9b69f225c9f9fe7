// What the embedded engines of a local run have been asked, as their own listeners count it.
import type { Outputs } from '../../infra/local/outputs.ts';

export interface EngineCalls {
  /** How often, by operation and table or queue: `UpdateItem calendar-sync-staging-sync-state`. */
  tables(): Promise<Readonly<Record<string, number>>>;
  queues(): Promise<Readonly<Record<string, number>>>;
  forget(): Promise<void>;
}

export function engineCalls({ endpoints }: Pick<Outputs, 'endpoints'>): EngineCalls {
  const ask = async (endpoint: string, method = 'GET'): Promise<Record<string, number>> => (await (await fetch(`${endpoint}/_control/calls`, { method })).json()) as Record<string, number>;
  return {
    tables: () => ask(endpoints.dynamodb),
    queues: () => ask(endpoints.sqs),
    forget: async () => void (await Promise.all([ask(endpoints.dynamodb, 'DELETE'), ask(endpoints.sqs, 'DELETE')])),
  };
}

/** The sum over all names that match. */
export const callsOf = (calls: Readonly<Record<string, number>>, pattern: RegExp): number =>
  Object.entries(calls).reduce((sum, [name, times]) => (pattern.test(name) ? sum + times : sum), 0);
