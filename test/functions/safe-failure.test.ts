import { expect, it } from '@jest/globals';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { InvocationFailed, safeFailure } from '../../functions/parts/safe-failure.ts';

it('what a handler throws is told by what is safe in it, and the runtime gets nothing of it to log', async () => {
  const told: unknown[] = [];
  const raw = Object.assign(new Error('Bearer ya29.secret was refused'), { name: 'ServiceUnavailable', $metadata: { httpStatusCode: 503, requestId: 'r1' } });
  const handler = middy(() => {
    throw raw;
  }).use(safeFailure({ error: (message, fields) => void told.push([message, fields]) }));
  const thrown: unknown = await handler({}, {} as Context).then(() => undefined, (error: unknown) => error);
  expect(thrown).toBeInstanceOf(InvocationFailed);
  const { name, message, stack, ...rest } = thrown as Error & Record<string, unknown>;
  expect([name, message, stack, JSON.stringify(rest)].join(' ')).not.toMatch(/secret|ServiceUnavailable/);
  expect(rest.cause).toBeUndefined();
  expect(told).toEqual([['invocation failed', { error: expect.objectContaining({ reason: 'ServiceUnavailable 503', aws_request_id: 'r1' }) }]]);
});
