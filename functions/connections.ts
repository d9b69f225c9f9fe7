// GET /v1/providers/{provider_id}/connections and GET /v1/connections/{connection_id} → the connections table, without its secrets.
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import { readConnections } from '../lib/connect/read-connections.ts';
import { dynamoClient, steady } from '../lib/platform/clients.ts';
import { connections } from '../lib/platform/connections.ts';
import { readEnvironment } from '../lib/platform/environment.ts';
import { Env } from '../lib/platform/names.ts';
import { safeError } from '../lib/platform/telemetry.ts';
import { telemetry } from './parts/telemetry.ts';

const env = readEnvironment([Env.connectionsTable]);
const { logger, log } = telemetry();
const read = readConnections({
  connections: connections(dynamoClient(steady), env.CONNECTIONS_TABLE),
  failed: (failure) => log.error('connections not read', { error: safeError(failure) }),
});

export const handler = middy(read).use(injectLambdaContext(logger, { resetKeys: true }));
