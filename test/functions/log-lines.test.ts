import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { telemetry } from '../../functions/parts/telemetry.ts';
import { logFieldNames, onlyListed, type LogFields } from '../../lib/platform/log-fields.ts';

const lines: string[] = [];
const before = { ...process.env };
beforeEach(() => {
  Object.assign(process.env, { STAGE: 'staging', POWERTOOLS_SERVICE_NAME: 'inbound-sync' });
  jest.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  jest.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
});
afterEach(() => {
  process.env = { ...before };
  jest.restoreAllMocks();
  lines.length = 0;
});

/** As code would that talked the types round. */
const talked = (fields: object): LogFields => fields as LogFields;

describe('a log line', () => {
  it('is one line of JSON that names its function and says its facts', () => {
    telemetry().log.info('pull', { connection_id: 'c-1', items: 3, targets: [{ outcome: 'created' }], ms: undefined });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'INFO', message: 'pull', service: 'inbound-sync', connection_id: 'c-1', items: 3, targets: [{ outcome: 'created' }] });
  });

  it('says of its invocation nothing that its log group says already; one of trouble names it', () => {
    const { logger, log } = telemetry();
    logger.addContext({ awsRequestId: 'r-1', functionName: 'f', invokedFunctionArn: 'arn:f', memoryLimitInMB: '512', functionVersion: '1' } as Context);
    log.info('pull', { connection_id: 'c-1' });
    log.warn('pull', { connection_id: 'c-1' });
    const usual = ['connection_id', 'level', 'message', 'service', 'timestamp'];
    expect(lines.map((line) => Object.keys(JSON.parse(line) as object).sort())).toEqual([usual, [...usual, 'function_request_id'].sort()]);
  });

  it.each(['info', 'warn', 'error'] as const)('of %s leaves out what is not on the list, within records and lists too, and says that it did', (level) => {
    const secret = 'ya29.a0-secret';
    telemetry().log[level]('x', talked({ connection_id: 'c-1', title: secret, error: { reason: 'r', message: secret }, targets: [{ outcome: 'failed', token: secret }] }));
    expect(lines.join('')).not.toContain(secret);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ connection_id: 'c-1', unlisted: 1, error: { reason: 'r', unlisted: 1 }, targets: [{ outcome: 'failed', unlisted: 1 }] });
  });

  it('never holds an endless text', () => {
    expect(String(onlyListed({ detail: 'x'.repeat(100_000) })['detail'])).toHaveLength(2000);
  });

  it('may not take the words that the logger itself goes by', () => {
    expect(logFieldNames.filter((name) => ['level', 'message', 'service', 'timestamp', 'function_request_id'].includes(name))).toEqual([]);
    expect(new Set(logFieldNames).size).toBe(logFieldNames.length);
  });
});
