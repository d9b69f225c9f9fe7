// The export of metrics, over the local CloudWatch through the real client.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { createRequire } from 'node:module';
import { watchAlarms } from '../../../../infra/local/cloudwatch/alarm-watch.ts';
import { metricStore, type MetricStore } from '../../../../infra/local/cloudwatch/metric-store.ts';
import { operations } from '../../../../infra/local/cloudwatch/operations.ts';
import { startCloudWatchServer, type CloudWatchServer } from '../../../../infra/local/cloudwatch/server.ts';
import { localAccess } from '../../../../infra/local/tables.ts';
import { answerMetrics } from '../../../../lib/operate/metrics/answer-metrics.ts';
import { readFigures, type ReadFigures } from '../../../../lib/operate/metrics/figures.ts';
import { snapshotRows } from '../../../../lib/operate/metrics/snapshot-row.ts';
import { days, hours, minutes, seconds } from '../../../../lib/platform/clock.ts';
import { metricCatalog } from '../../../../lib/platform/metric-catalog.ts';
import { Metric, metricNamespace, metricService, type MetricName } from '../../../../lib/platform/names.ts';
import { memoryTables } from '../../../support/memory-tables.ts';
import { aPost } from '../../../support/notices.ts';

interface Family {
  readonly name: string;
  readonly type: string;
  readonly metrics: readonly { readonly labels?: Record<string, string>; readonly value?: string; readonly sum?: string; readonly count?: string; readonly quantiles?: Record<string, string> }[];
}
const parse = createRequire(import.meta.url)('parse-prometheus-text-format') as (text: string) => Family[];

let store: MetricStore;
let server: CloudWatchServer;
let client: CloudWatchClient;
let now = Date.parse('2026-03-02T09:00:30Z');
beforeAll(async () => {
  server = await startCloudWatchServer(() => operations(store, watchAlarms([], { startedAt: now, onTransition: () => undefined }), () => now), (sample) => store.add(sample));
  client = new CloudWatchClient({ ...localAccess, endpoint: server.url });
});
afterAll(async () => {
  client.destroy();
  await server.close();
});

const sent = (name: MetricName, value: number, dimensions: Record<string, string> = {}): void =>
  store.add({ namespace: metricNamespace, name, dimensions: { service: metricService('staging'), ...dimensions }, at: now, values: [[value, 1]] });
const inbound = { direction: 'inbound', calendar_provider: 'google' };
const run = (): void => sent(Metric.runs, 1, { ...inbound, outcome: 'succeeded' });

/** One stage: its row, and any number of functions that answer. */
async function aStage() {
  store = metricStore();
  const { dynamo, named } = await memoryTables(() => now);
  const failures: unknown[] = [];
  const calls = { count: 0 };
  const real = readFigures(client, 'staging');
  const counting: ReadFigures = (asked, span) => {
    calls.count += 1;
    return real(asked, span);
  };
  const answer = answerMetrics({ read: counting, rows: snapshotRows(dynamo, named['sync-state']), stage: 'staging', clock: () => now, failed: (failure) => void failures.push(failure) });
  const get = (query = '') => answer({ ...aPost('google'), rawPath: '/ops/metrics/calendar', rawQueryString: query });
  const families = async (): Promise<Family[]> => parse(String((await get('format=prometheus')).body));
  const runs = async (): Promise<number> => {
    const family = (await families()).find(({ name }) => name === Metric.runs);
    return Number(family?.metrics.find(({ labels }) => labels?.['outcome'] === 'succeeded' && labels['direction'] === 'inbound' && labels['calendar_provider'] === 'google')?.value);
  };
  return { get, families, runs, calls, failures };
}

describe('GET /ops/metrics/calendar', () => {
  it('gives a Prometheus parser every metric with its type: counters from 0 on, latencies as summaries', async () => {
    const { get, families } = await aStage();
    run();
    for (const ms of [100, 200, 900]) sent(Metric.latency, ms, inbound);
    sent(Metric.oldestDirty, 4200);
    const found = await families();
    expect(found.map(({ name, type }) => [name, type.toLowerCase()]).sort()).toEqual(Object.entries(metricCatalog).map(([name, { kind }]) => [name, kind]).sort());
    expect(found.find(({ name }) => name === Metric.runs)?.metrics).toHaveLength(12);
    expect(found.find(({ name }) => name === Metric.latency)?.metrics[0]?.quantiles).toMatchObject({ '0.5': expect.any(String), '0.95': expect.any(String), '0.99': expect.any(String) });
    // This parser makes one of all summaries of a name: read as plain samples each keeps its labels.
    const samples = parse(String((await get('format=prometheus')).body).replaceAll(/^# TYPE .* summary$/gm, ''));
    const latency = (suffix: string, more = {}) => samples.find(({ name }) => name === Metric.latency + suffix)?.metrics.find(({ labels }) => JSON.stringify(labels) === JSON.stringify({ ...inbound, ...more }))?.value;
    expect([latency('_sum'), latency('_count'), latency('', { quantile: '0.5' }), latency('', { quantile: '0.95' }), latency('', { quantile: '0.99' })]).toEqual(['1200', '3', '200', '900', '900']);
    expect(found.find(({ name }) => name === Metric.oldestDirty)?.metrics).toMatchObject([{ value: '4200' }]);
    expect((await get('format=prometheus')).headers).toMatchObject({ 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  });

  it('says the same as JSON, and what it does not know it does not make up', async () => {
    const { get } = await aStage();
    run();
    const { statusCode, headers, body } = await get();
    const told = JSON.parse(String(body)) as { stage: string; as_of: string; metrics: { name: string; series: object[] }[] };
    expect([statusCode, headers?.['content-type'], told.stage, told.as_of]).toEqual([200, 'application/json', 'staging', new Date(now).toISOString()]);
    expect(told.metrics.find(({ name }) => name === Metric.runs)?.series).toContainEqual({ labels: { ...inbound, outcome: 'succeeded' }, value: 1 });
    expect(told.metrics.find(({ name }) => name === Metric.latency)?.series[0]).toEqual({ labels: inbound, quantiles: { '0.5': null, '0.95': null, '0.99': null }, sum: 0, count: 0 });
    expect(told.metrics.find(({ name }) => name === Metric.enabled)?.series).toEqual([]);
    expect((await get('format=xml')).statusCode).toBe(400);
  });

  it('asks CloudWatch once a minute, however many ask it, and answers all the same', async () => {
    const { get, calls, runs } = await aStage();
    run();
    const [first, second] = await Promise.all([get(), get()]);
    expect(second.body).toBe(first.body);
    const asked = calls.count;
    run();
    now += seconds(59);
    expect([await runs(), calls.count]).toEqual([1, asked]);
    now += seconds(1);
    expect([await runs(), calls.count > asked]).toEqual([2, true]);
  });

  it('has counters that never fall: not over days, not when CloudWatch has forgotten, not when it answers less for once', async () => {
    const { runs } = await aStage();
    const seen: number[] = [];
    for (let day = 0; day < 6; day += 1) {
      for (let n = 0; n <= day; n += 1) run();
      seen.push(await runs());
      now += days(1);
    }
    expect(seen).toEqual([1, 3, 6, 10, 15, 21]);
    store = metricStore();
    now += hours(1);
    // Only the last two days were not added up for good yet, and those are remembered as served.
    expect(await runs()).toBe(21);
    now += days(500);
    run();
    expect(await runs()).toBeGreaterThanOrEqual(21);
    now += minutes(2);
    for (let n = 0; n < 30; n += 1) run();
    expect(await runs()).toBeGreaterThan(21);
  });

  it('answers 503 where CloudWatch does not answer, and tells why', async () => {
    const { get, failures } = await aStage();
    const closed = new CloudWatchClient({ ...localAccess, endpoint: 'http://127.0.0.1:9', maxAttempts: 1 });
    const { dynamo, named } = await memoryTables(() => now);
    const answer = answerMetrics({ read: readFigures(closed, 'staging'), rows: snapshotRows(dynamo, named['sync-state']), stage: 'staging', clock: () => now, failed: (failure) => void failures.push(failure) });
    expect((await answer({ ...aPost('google'), rawQueryString: '' })).statusCode).toBe(503);
    expect(failures).toHaveLength(1);
    expect((await get()).statusCode).toBe(200);
    closed.destroy();
  });
});
