// DELETE /v1/connections/{connection_id}?remove_events=true|false and DELETE /v1/providers/{provider_id}?remove_events=…: saved, then rung
// for. Always 202, whatever the flags, and again for what is gone already.
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Clock } from '../platform/clock.ts';
import type { Connections } from '../platform/connections.ts';
import type { HintQueue } from '../platform/hint-queue.ts';
import { eraseKey, leaveKey, type LeavingRows } from '../platform/leaving-rows.ts';
import type { InboundHint, ProviderHint } from '../platform/messages.ts';
import { answering, jsonAnswer, Problem } from '../platform/problem.ts';
import { connectionIdPattern } from '../platform/watch-token.ts';
import type { ConnectionRows } from './connection-rows.ts';

export interface BeginLeavingParts {
  readonly connections: Connections;
  readonly leaving: LeavingRows;
  readonly rows: Pick<ConnectionRows, 'showLeaving'>;
  readonly hints: HintQueue<InboundHint>;
  readonly providerHints: HintQueue<ProviderHint>;
  readonly clock: Clock;
  readonly failed: (failure: unknown) => void;
}

/** Saved first of all: from here on it comes about. False: there is no such connection (any more). */
export async function beginLeaving({ connections, leaving, rows, hints, clock }: Omit<BeginLeavingParts, 'providerHints' | 'failed'>, connectionId: string, removes: boolean): Promise<boolean> {
  const connection = await connections.get(connectionId);
  if (!connection) return false;
  await leaving.begin(leaveKey(connectionId), { providerId: connection.provider_id, removes, now: clock() });
  await rows.showLeaving(connection);
  await hints.send({ v: 1, hint: 'pull', connection_id: connectionId });
  return true;
}

export const disconnect =
  (parts: BeginLeavingParts) =>
  (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> =>
    answering(async () => {
      const id = event.pathParameters?.['connection_id'] ?? '';
      if (!connectionIdPattern.test(id)) throw new Problem('bad-request', 'A connection id is 1 to 36 of A–Z, a–z, 0–9, _ and -.');
      const removes = removesOf(event);
      const begun = await beginLeaving(parts, id, removes);
      return jsonAnswer(202, { connection_id: id, state: begun ? 'disconnecting' : 'removed', remove_events: removes, ...(begun && { look: `/v1/connections/${id}` }) });
    }, parts.failed);

export const erase =
  (parts: BeginLeavingParts) =>
  (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> =>
    answering(async () => {
      const id = event.pathParameters?.['provider_id'] ?? '';
      if (id === '' || id.length > 256) throw new Problem('bad-request', 'The path must name a provider id of 1 to 256 characters.');
      const removes = removesOf(event);
      await parts.leaving.begin(eraseKey(id), { providerId: id, removes, now: parts.clock() });
      await parts.providerHints.send({ v: 1, hint: 'erase', provider_id: id });
      return jsonAnswer(202, { provider_id: id, state: 'erasing', remove_events: removes });
    }, parts.failed);

function removesOf(event: APIGatewayProxyEventV2): boolean {
  const told = new URLSearchParams(event.rawQueryString).get('remove_events') ?? 'false';
  if (told !== 'true' && told !== 'false') throw new Problem('bad-request', 'remove_events is true or false.');
  return told === 'true';
}
