import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { CalendarError, type CalendarInfo, type CalendarProvider, type OpenCalendars, type Session } from '../calendars/port.ts';
import { seconds, type Clock } from '../platform/clock.ts';
import type { Connection, Connections } from '../platform/connections.ts';
import { GateClosed } from '../platform/gate-closed.ts';
import type { HintQueue } from '../platform/hint-queue.ts';
import { lateAfter, type LateDues } from '../platform/late-dues.ts';
import { parseJson, type InboundHint, type ProviderHint } from '../platform/messages.ts';
import { answering, jsonAnswer, Problem } from '../platform/problem.ts';
import { syncGate, type Settings } from '../platform/settings.ts';
import { shardOf } from '../platform/shard.ts';
import { connectionIdPattern } from '../platform/watch-token.ts';
import { blocksMore, chooseCalendars, readPatch, receivesElsewhere, saveChoice, showChoice, showUnread, type CalendarPatch } from './choose-calendars.ts';
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
  readonly late: LateDues;
  readonly providerHints: HintQueue<ProviderHint>;
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

/**
 * Before the choice is saved, what makes good a crash after it: the connection and its provider's bookings are looked at in five minutes, and
 * busy time that is going to count is not known from now on. All that follows only makes it come about at once.
 */
async function changed(parts: PatchParts, before: Connection, { calendars: asked, on_edit }: CalendarPatch): Promise<Connection> {
  const calendars = asked && chooseCalendars(before.calendars, asked, await listed(parts, before));
  if (typeof calendars === 'string') throw new Problem('bad-request', calendars);
  const change = { ...(calendars && { calendars }), ...(on_edit !== undefined && { on_edit }) };
  const { connection_id, provider_id } = before;
  const unread = calendars !== undefined && blocksMore(before.calendars, calendars);
  if (calendars) await parts.late.ask(connection_id, provider_id, parts.clock() + lateAfter);
  if (unread) await showUnread(parts, before);
  const saved = await saveChoice(parts.dynamo, parts.tables.connections, { connection: before, change });
  if (!saved && unread) await ring(parts, connection_id); // what was just called unknown
  if (!saved) throw new Problem('conflict', 'The connection was changed meanwhile: read it, and ask again.');
  const after = { ...before, ...change };
  if (!calendars) return after;
  // A pull that began before may have said otherwise since.
  await showChoice(parts, after, unread);
  await ring(parts, connection_id);
  if (receivesElsewhere(before.calendars, calendars)) await parts.providerHints.send({ v: 1, hint: 'provider', provider_id });
  return after;
}

async function ring({ mark, hints, clock }: PatchParts, connectionId: string): Promise<void> {
  await mark(connectionId, clock(), shardOf(connectionId));
  await hints.send({ v: 1, hint: 'pull', connection_id: connectionId });
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
    if (error instanceof GateClosed) throw await refusal(parts, connection);
    if (error instanceof CalendarError && error.kind === 'grant_dead') throw new Problem('conflict', 'The person must consent again before calendars can be chosen.');
    throw error;
  }
}

async function refusal({ settings }: PatchParts, { provider_id }: Connection): Promise<Problem> {
  return syncGate(await settings.read(), provider_id) === 'closed'
    ? new Problem('forbidden', 'Sync is off for this provider: its calendars cannot be asked.')
    : new Problem('unavailable', 'Whether sync is on for this provider is not known just now: ask again.');
}
