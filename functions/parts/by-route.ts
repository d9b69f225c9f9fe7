// One function, several routes of the HTTP API: each its own answer.
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { Problem, problemAnswer } from '../../lib/platform/problem.ts';

type Answer = (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;

/** By the route's key, as the stack names it. */
export const byRoute =
  (routes: Readonly<Record<string, Answer>>): Answer =>
  async (event) =>
    (await routes[event.routeKey]?.(event)) ?? problemAnswer(new Problem('not-found', 'There is no such route.'));
