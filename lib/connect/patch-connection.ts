import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { CalendarError, type CalendarInfo, type CalendarProvider, type OpenCalendars, type Session } from '../calendars/port.ts';
import { seconds, type Clock } from '../platform/clock.ts';
import type { Connection, Connections } from '../platform/connections.ts';
import { GateClosed } from '../platform/gate-closed.ts';
import type { HintQueue } from '../platform/hint-queue.ts';
import { parseJson, type InboundHint } from '../platform/messages.ts';
import { answering, jsonAnswer, Problem } from '../platform/problem.ts';
import { syncGate, type Settings } from '../platform/settings.ts';
import { shardOf } from '../platform/shard.ts';
import { connectionIdPattern } from '../platform/watch-token.ts';
import { blocksMore, chooseCalendars, readPatch, receivesElsewhere, saveChoice, showChoice, type CalendarPatch } from './choose-calendars.ts';
import { told } from './read-connections.ts';

export interface PatchParts {
  readonly dynamo: DynamoDBClient;
  readonly tables: { readonly connections: string; readonly busyIntervals: string };
  readonly connections: Connections;
  readonly settings: Settings;
  readonly open: Readonly<Record<CalendarProvider, OpenCalendars>>;
  readonly tokens: (connection: Connection) => Session['token'];
  /** Marks it as a notice would. */
  readonly mark: (connectionId: string, now: number, shard: string) => Promise<unknown>;
  readonly markFutureBookings: (connection: Connection) => Promise<void>;
  readonly hints: HintQueue<InboundHint>;
  readonly clock: Clock;
  readonly failed: (failure: unknown) => void;
}

/** For all calls to the calendar provider together. */
const within = seconds(20);

export const patchConnection =
  (parts: PatchParts) =>
  (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> =>
    answering(async () => {
      const id = event.pathParameters?.['connection_id'] ?? '';
      const asked = readPatch(parseJson(Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8').toString('utf8')));
      if (typeof asked === 'string') throw new Problem('bad-request', asked);
      const before = connectionIdPattern.test(id) ? await parts.connections.get(id) : undefined;
      if (!before) throw new Problem('not-found', 'There is no connection of this id.');
      if (before.state === 'disconnecting') throw new Problem('conflict', 'The connection is being disconnected.');
      return jsonAnswer(200, told(await changed(parts, before, asked)));
    }, parts.failed);

async function changed(parts: PatchParts, before: Connection, { calendars: asked, on_edit }: CalendarPatch): Promise<Connection> {
  const calendars = asked && chooseCalendars(before.calendars, asked, await listed(parts, before));
  if (typeof calendars === 'string') throw new Problem('bad-request', calendars);
  const change = { ...(calendars && { calendars }), ...(on_edit !== undefined && { on_edit }) };
  const { connections, busyIntervals } = parts.tables;
  if (!(await saveChoice(parts.dynamo, connections, { connection: before, change }))) throw new Problem('conflict', 'The connection was changed meanwhile: read it, and ask again.');
  const after = { ...before, ...change };
  if (calendars) {
    const now = parts.clock();
    await showChoice(parts.dynamo, busyIntervals, { connection: after, unread: blocksMore(before.calendars, calendars), now });
    await parts.mark(before.connection_id, now, shardOf(before.connection_id));
    if (receivesElsewhere(before.calendars, calendars)) await parts.markFutureBookings(after);
    await parts.hints.send({ v: 1, hint: 'pull', connection_id: before.connection_id });
  }
  return after;
}

/** The account's calendars, asked now. */
async function listed(parts: PatchParts, connection: Connection): Promise<readonly CalendarInfo[]> {
  if (connection.state !== 'active') throw new Problem('conflict', 'The person must consent again before calendars can be chosen.');
  if (connection.paused_at !== undefined) throw new Problem('conflict', 'An operator has paused this connection: its calendars are not asked until it is resumed.');
  const session: Session = {
    connectionId: connection.connection_id,
    token: parts.tokens(connection),
    endsAt: parts.clock() + within,
    async permit() {
      if (syncGate(await parts.settings.read(), connection.provider_id) !== 'open') throw new GateClosed();
    },
  };
  try {
    return await parts.open[connection.calendar_provider](session).list();
  } catch (error) {
    if (error instanceof GateClosed) throw new Problem('forbidden', 'Sync is off, or not known to be on, for this provider: its calendars cannot be asked.');
    if (error instanceof CalendarError && error.kind === 'grant_dead') throw new Problem('conflict', 'The person must consent again before calendars can be chosen.');
    throw error;
  }
}
