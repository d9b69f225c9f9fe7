import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { insightsLines } from '../../../infra/commands/ops/insights-lines.ts';
import { localLines } from '../../../infra/commands/ops/local-lines.ts';
import type { LogSource } from '../../../infra/commands/ops/log-line.ts';
import type { Place } from '../../../infra/commands/ops/place.ts';
import { hours } from '../../../lib/platform/clock.ts';
import { operate } from '../../support/operator.ts';
import { correlation } from '../../support/traces.ts';

const now = Date.parse('2026-03-02T09:00:00Z');
const strange = 'b "1" \\ö';

/** What the functions would have written: which function, how long ago, and the line. */
const written: readonly (readonly [from: string, ago: number, line: object])[] = [
  ['google-webhook', 50_000, { message: 'notice', correlation_id: correlation(1), connection_id: 'c-1', calendar_provider: 'google', outcome: 'accepted', hinted: true }],
  ['inbound-sync', 49_000, { message: 'call', correlation_id: correlation(1), connection_id: 'c-1', calendar_provider: 'google', method: 'GET', status: 200, ms: 34 }],
  ['inbound-sync', 48_000, { message: 'pull', correlation_id: correlation(1), connection_id: 'c-1', calendar_provider: 'google', outcome: 'pulled', items: 1, fence: 77, generation: 4, cleared: true, ms: 60 }],
  ['inbound-sync', 47_500, { message: 'pull', correlation_id: correlation(9), connection_id: 'c-11', outcome: 'pulled', items: 0, fence: 1, generation: 1, cleared: true, ms: 5 }],
  ['upkeep', 40_000, { message: 'tick', correlation_id: correlation(2), rung: { dirty: 1, due_jobs: 12 } }],
  ['inbound-sync', 39_000, { message: 'pull', correlation_id: correlation(2), connection_id: 'c-1', outcome: 'held', ms: 2 }],
  ['inbound-sync', 38_500, { message: 'pull', correlation_id: correlation(2), connection_id: 'c-2', outcome: 'held', ms: 2 }],
  ['inbound-sync', 38_000, { level: 'ERROR', message: 'pull interrupted', correlation_id: correlation(3), connection_id: 'c-1', error: { reason: 'ThrottlingException 400' } }],
  ['booking-sync', 30_000, { message: 'wish', correlation_id: correlation(4), message_id: 'm-1', booking_id: strange, version: 2, outcome: 'recorded' }],
  ['booking-sync', 29_000, { level: 'WARN', message: 'call', correlation_id: correlation(4), booking_id: strange, connection_id: 'c-1', calendar_provider: 'google', reason: 'unavailable ECONNRESET', ms: 9 }],
  ['booking-sync', 28_000, { message: 'drain', correlation_id: correlation(4), booking_id: strange, version: 2, outcome: 'done', targets: [{ connection_id: 'c-1', outcome: 'updated', fence: 5 }, { connection_id: 'c-2', outcome: 'created', fence: 6 }] }],
  ['inbound-sync', hours(3), { message: 'pull', correlation_id: correlation(5), connection_id: 'c-1', outcome: 'idle', ms: 1 }],
];
const lineOf = (line: object): string => JSON.stringify({ level: 'INFO', service: 'x', timestamp: 't', ...line });

const folder = mkdtempSync(join(tmpdir(), 'lines-'));
const asked: Record<string, unknown>[] = [];
const targets: string[] = [];
let ends = 'Complete';

/** Logs Insights as its reference tells of it: a query is begun, looked at until it is done, and answers rows of fields: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetQueryResults.html */
const server = createServer((request, response) => {
  void text(request).then((body) => {
    const target = String(request.headers['x-amz-target']);
    targets.push(target);
    const say = (answer: object): void => void response.setHeader('content-type', 'application/x-amz-json-1.1').end(JSON.stringify(answer));
    if (target === 'Logs_20140328.StartQuery') {
      asked.push(JSON.parse(body) as Record<string, unknown>);
      return say({ queryId: `q-${asked.length}` });
    }
    if (targets.at(-2)?.endsWith('StartQuery') === true) return say({ status: 'Running', results: [], statistics: {} });
    return say({ status: ends, results: rowsFor(asked.at(-1) ?? {}) });
  });
});

/** Rows that a query matches, by its own words and times. */
function rowsFor({ queryString, startTime, endTime }: Record<string, unknown>): object[] {
  const words = [...String(queryString).matchAll(/@message like ("(?:[^"\\]|\\.)*")/g)].map(([, word]) => JSON.parse(word ?? '""') as string);
  const within = written.filter(([, ago]) => (now - ago) / 1000 >= Number(startTime) && (now - ago) / 1000 <= Number(endTime));
  return within.filter(([, , line]) => words.some((word) => lineOf(line).includes(word))).map(([from, ago, line]) => [
    { field: '@timestamp', value: new Date(now - ago).toISOString().replace('T', ' ').replace('Z', '') },
    { field: '@log', value: `123456789012:/aws/lambda/calendar-sync-staging-${from}` },
    { field: '@message', value: lineOf(line) },
    { field: '@ptr', value: 'p' },
  ]);
}

let client: CloudWatchLogsClient;
beforeAll(async () => {
  for (const name of new Set(written.map(([from]) => from))) {
    const lines = written.filter(([from]) => from === name).map(([, ago, line]) => JSON.stringify({ at: new Date(now - ago).toISOString(), requestId: 'r', line: lineOf(line) }));
    writeFileSync(join(folder, `calendar-sync-staging-${name}.log`), [JSON.stringify({ at: new Date(now - hours(5)).toISOString(), requestId: 'init', line: 'c-1 in a line that is no JSON' }), ...lines, ''].join('\n'));
  }
  await once(server.listen(0, '127.0.0.1'), 'listening');
  client = new CloudWatchLogsClient({ region: 'us-east-1', endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, credentials: { accessKeyId: 'a', secretAccessKey: 's' }, maxAttempts: 1 });
});
afterAll(async () => {
  client.destroy();
  server.closeAllConnections();
  await once(server.close(), 'close');
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  asked.length = 0;
  targets.length = 0;
  ends = 'Complete';
});

const sources: Readonly<Record<string, () => LogSource>> = {
  'the local run': () => localLines(folder),
  'a stage, by Logs Insights': () => insightsLines(client, 'staging', { clock: () => now, pollMs: 1 }),
};
const say = (line: readonly string[], source = sources['the local run']) => operate(['logs', ...line], { open: () => ({ name: 'a place', logs: source?.(), close: () => undefined }) as unknown as Place });

describe.each(Object.entries(sources))('on %s, the story', (_, source) => {
  it('of a connection is told in order, with the timer’s and the bookings’ lines that belong to it, and nobody else’s', async () => {
    const { code, out } = await say(['--connection', 'c-1', '--since', '1h'], source);
    expect(out.split('\n')).toEqual([
      'c-1 on a place in the last 1 h: 9 lines, 4 stories',
      '2026-03-02T08:59:10.000Z  google-webhook  00000000  received: a notice of google, accepted; hinted',
      '2026-03-02T08:59:11.000Z  inbound-sync    00000000  fetched: GET at google answered 200 in 34 ms',
      '2026-03-02T08:59:12.000Z  inbound-sync    00000000  applied: 1 item under fence 77, generation 4; cleared; 60 ms',
      '2026-03-02T08:59:20.000Z  upkeep          00000000  hinted: the timer rang for 1 dirty; 12 due, jobs',
      '2026-03-02T08:59:21.000Z  inbound-sync    00000000  held',
      '2026-03-02T08:59:22.000Z  inbound-sync    00000000  ERROR: pull interrupted: ThrottlingException 400 connection_id=c-1',
      `2026-03-02T08:59:30.000Z  booking-sync    00000000  received: version 2 of booking ${strange}, recorded`,
      '2026-03-02T08:59:31.000Z  booking-sync    00000000  WARN: fetched: at google failed: unavailable ECONNRESET in 9 ms',
      `2026-03-02T08:59:32.000Z  booking-sync    00000000  applied: version 2 of booking ${strange}, done; c-1 updated under fence 5; c-2 created under fence 6`,
    ]);
    expect(code).toBe(0);
  });

  it('of a booking is found whatever its id is made of', async () => {
    expect((await say(['--booking', strange, '--since', '1h', '--json'], source)).data).toMatchObject([{ message: 'wish' }, { message: 'call' }, { message: 'drain' }]);
  });

  it('of an id is all that came of one tick, whoever it concerns', async () => {
    expect((await say(['--correlation', correlation(2), '--since', '1h', '--json'], source)).data).toMatchObject([{ message: 'tick' }, { fields: { connection_id: 'c-1' } }, { fields: { connection_id: 'c-2' } }]);
  });

  it('of nobody is told as that', async () => {
    expect(await say(['--connection', 'c-9', '--since', '1h'], source)).toMatchObject({ code: 1, out: expect.stringContaining('Nothing tells of it') });
  });
});

describe('the query of a stage', () => {
  const stage = sources['a stage, by Logs Insights'];
  const open = (line: readonly string[]) => operate(['logs', ...line], { open: (options) => ({ name: 'staging', stage: options.stage, logs: stage?.(), close: () => undefined }) as unknown as Place });

  it('asks the groups of all functions, for the last hour unless more is said, and looks again until it is done', async () => {
    await open(['--connection', 'c-1', '--stage', 'staging']);
    expect(asked[0]).toMatchObject({ startTime: now / 1000 - 3600, endTime: now / 1000, queryString: 'fields @timestamp, @log, @message | filter @message like "c-1" | sort @timestamp asc | limit 10000' });
    expect(asked[0]?.['logGroupNames']).toEqual(expect.arrayContaining(['google-webhook', 'inbound-sync', 'upkeep'].map((name) => `/aws/lambda/calendar-sync-staging-${name}`)));
    expect(targets.slice(0, 3).map((target) => target.split('.')[1])).toEqual(['StartQuery', 'GetQueryResults', 'GetQueryResults']);
  });

  it('that fails is told, and a place without logs too', async () => {
    ends = 'Timeout';
    expect(await open(['--connection', 'c-1', '--stage', 'staging'])).toMatchObject({ code: 1, notes: expect.stringContaining('Timeout') });
    expect(await operate(['logs', '--booking', 'b'], { open: () => ({ name: 'a place', close: () => undefined }) as unknown as Place })).toMatchObject({ code: 1, notes: expect.stringContaining('Nobody keeps log lines') });
  });
});

describe('the command line', () => {
  it('must say whose story it is, and a time that is one', async () => {
    expect(await say([])).toMatchObject({ code: 2, notes: expect.stringContaining('--connection ID, --booking ID, --correlation ID') });
    for (const time of ['1', '0h', 'h', '1w', '-1h']) expect(await say(['--booking', 'b', `--since=${time}`])).toMatchObject({ code: 2, notes: expect.stringContaining('90s, 15m, 1h or 2d') });
  });

  it('on the local run goes back to its beginning unless less is said, by the run’s own clock', async () => {
    expect((await say(['--connection', 'c-1', '--json'])).data).toHaveLength(10);
    expect((await say(['--connection', 'c-1', '--json', '--since', '1m'])).data).toHaveLength(9);
    expect(await localLines(join(folder, 'nowhere')).newest()).toBe(0);
  });
});
