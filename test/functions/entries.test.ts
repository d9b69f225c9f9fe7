// Every function is loaded with exactly the environment that the synthesized template gives it, and answers one call that needs nothing else.
import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { Env, functionSettings } from '../../lib/platform/names.ts';
import { functionEnvironments } from '../support/function-environments.ts';
import { aPost, graphBody } from '../support/notices.ts';

type Handler = (event: unknown, context: unknown) => Promise<unknown>;
type Environment = Readonly<Record<string, string>>;

const context = { functionName: 'f', functionVersion: '$LATEST', memoryLimitInMB: '256', awsRequestId: 'r', invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:f', logGroupName: 'g', logStreamName: 's', callbackWaitsForEmptyEventLoop: false, getRemainingTimeInMillis: () => 30_000 };
const posted = (path: string, more: object = {}) => ({ ...aPost('google'), rawPath: path, ...more });

/** By file: a call that is answered without anybody outside. */
const harmless: Readonly<Record<string, { event: unknown; answer: unknown }>> = {
  'google-webhook': { event: aPost('google'), answer: expect.objectContaining({ statusCode: 400 }) },
  'microsoft-webhook': { event: graphBody('', { rawQueryString: 'validationToken=hello' }), answer: expect.objectContaining({ statusCode: 200, body: 'hello' }) },
  'inbound-sync': { event: { Records: [] }, answer: { batchItemFailures: [] } },
  'booking-sync': { event: { Records: [] }, answer: { batchItemFailures: [] } },
  availability: { event: posted('/v1/providers/p/busy', { pathParameters: { provider_id: 'p' } }), answer: expect.objectContaining({ statusCode: 400 }) },
  connections: { event: posted('/v1/connections/a%23b', { pathParameters: { connection_id: 'a#b' } }), answer: expect.objectContaining({ statusCode: 404 }) },
  ops: { event: posted('/ops/metrics/calendar', { rawQueryString: 'format=xml' }), answer: expect.objectContaining({ statusCode: 400 }) },
  'sync-now': { event: posted('/v1/sync/outbound', { routeKey: 'POST /v1/sync/outbound', body: '{}' }), answer: expect.objectContaining({ statusCode: 400 }) },
};

const before = process.env;
let environments: ReadonlyMap<string, Environment>;
beforeAll(async () => void (environments = await functionEnvironments()));
afterEach(() => {
  process.env = before;
});

/** Loads a function afresh, as a cold start does; `read` hears which variables it looks at. */
async function coldStart(name: string, environment: Environment, read = new Set<string>()): Promise<Handler> {
  const variables: NodeJS.ProcessEnv = { NODE_ENV: 'production', POWERTOOLS_DEV: 'false', ...environment };
  process.env = new Proxy(variables, { get: (all, variable) => (read.add(String(variable)), all[String(variable)]) });
  jest.resetModules();
  return ((await import(`../../functions/${name}.ts`)) as { handler: Handler }).handler;
}
const files = readdirSync(new URL('../../functions', import.meta.url)).filter((file) => file.endsWith('.ts')).map((file) => file.replace(/\.ts$/, ''));
const own = new Set<string>([Env.stage, Env.serviceName]);
const asked = (environment: Environment): string[] => Object.values(Env).filter((name) => name in environment && !own.has(name));

describe('the functions', () => {
  it('are one file, one function of the template and one list of settings each', () => {
    expect(files.sort()).toEqual([...environments.keys()].sort());
    expect(files.sort()).toEqual(Object.keys(functionSettings).sort());
  });
});

describe.each(files)('%s', (name) => {
  it('starts with the environment that the template gives it, reads all of it, and answers', async () => {
    const environment = environments.get(name) ?? {};
    const read = new Set<string>();
    const handler = await coldStart(name, environment, read);
    expect(asked(environment).filter((variable) => !read.has(variable))).toEqual([]);
    expect(handler).toEqual(expect.any(Function));
    const call = harmless[name];
    if (call) expect(await handler(call.event, context)).toEqual(call.answer);
  });

  // One variable stands for all: each costs a cold start, and all are read by the same function.
  it('does not start without a variable that it needs, and says which', async () => {
    const environment = environments.get(name) ?? {};
    const missing = asked(environment).at(-1) ?? 'none';
    const { [missing]: _, ...rest } = environment;
    await expect(coldStart(name, rest)).rejects.toThrow(new RegExp(`Missing environment: ${missing}\\.`));
  });
});
