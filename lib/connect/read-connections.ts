// GET /v1/providers/{provider_id}/connections and GET /v1/connections/{connection_id}.
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Connection, Connections } from '../platform/connections.ts';
import { answering, jsonAnswer, Problem } from '../platform/problem.ts';
import { connectionIdPattern } from '../platform/watch-token.ts';
import type { ReadStandings } from './connection-standing.ts';
import { grantWarnings } from './testing-trap.ts';

export interface ReadConnectionsParts {
  readonly connections: Connections;
  readonly standings: ReadStandings;
  readonly failed: (failure: unknown) => void;
}

const largestPage = 100;

export const readConnections =
  (parts: ReadConnectionsParts) =>
  (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> =>
    answering(async () => {
      const { provider_id: providerId, connection_id: connectionId } = event.pathParameters ?? {};
      if (providerId !== undefined) return listed(parts, providerId, new URLSearchParams(event.rawQueryString));
      const connection = connectionId !== undefined && connectionIdPattern.test(connectionId) ? await parts.connections.get(connectionId) : undefined;
      if (!connection) throw new Problem('not-found', 'There is no connection of this id.');
      const [whole] = await withStandings(parts, [connection]);
      return jsonAnswer(200, whole);
    }, parts.failed);

async function listed(parts: ReadConnectionsParts, providerId: string, query: URLSearchParams): Promise<APIGatewayProxyStructuredResultV2> {
  if (providerId === '' || providerId.length > 256) throw new Problem('bad-request', 'The path must name a provider id of 1 to 256 characters.');
  const limit = Number(query.get('limit') ?? largestPage);
  if (!Number.isInteger(limit) || limit < 1 || limit > largestPage) throw new Problem('bad-request', `limit must be a whole number from 1 to ${largestPage}.`);
  const after = query.get('after');
  if (after !== null && !connectionIdPattern.test(after)) throw new Problem('bad-request', 'after must be the `next` of the page before.');
  const { ids, next } = await parts.connections.idsOf(providerId, { limit, ...(after !== null && { after }) });
  return jsonAnswer(200, { connections: await withStandings(parts, await parts.connections.getAll(ids)), ...(next !== undefined && { next }) });
}

async function withStandings({ standings }: ReadConnectionsParts, found: readonly Connection[]) {
  const by = await standings(found);
  return found.map((connection) => ({ ...told(connection), standing: by.get(connection.connection_id) ?? null }));
}

/** What callers may see: no token, no account. */
export const told = ({ connection_id, provider_id, calendar_provider, state, zone, scopes, calendars, watches, created_at, on_edit, paused_at, ...grant }: Connection) => ({
  connection_id,
  provider_id,
  calendar_provider,
  state,
  paused_since: paused_at === undefined ? null : new Date(paused_at).toISOString(),
  zone: zone ?? null,
  scopes,
  calendars: calendars.map(({ id, blocks, receives }) => ({ id, blocks, receives })),
  on_edit: on_edit ?? 'tell',
  watches: watches.map(({ id, expires_at }) => ({ id, expires_at: expires_at === undefined ? null : new Date(expires_at).toISOString() })),
  created_at: new Date(created_at).toISOString(),
  warnings: grantWarnings({ calendar_provider, state, ...grant }),
});
