import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { readEmf } from '../../infra/local/cloudwatch/emf.ts';
import { telemetry } from '../../functions/parts/telemetry.ts';
import { Metric } from '../../lib/platform/names.ts';

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

const emitted = () => lines.map((line) => JSON.parse(line) as Record<string, unknown> & { _aws: { CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: object[] }[] } });

describe('a figure', () => {
  it('leaves as one EMF line that names the stage, its dimensions and its totals', () => {
    telemetry().measure(Metric.latency, 1234, { direction: 'inbound', calendar_provider: 'google' });
    const [line] = emitted();
    expect(lines).toHaveLength(1);
    expect(line?._aws.CloudWatchMetrics).toEqual([
      { Namespace: 'CalendarSync', Dimensions: [['service', 'direction', 'calendar_provider'], ['service']], Metrics: [{ Name: 'calendar_sync_latency_ms', Unit: 'Milliseconds' }] },
    ]);
    expect(line).toMatchObject({ service: 'calendar-sync-staging', direction: 'inbound', calendar_provider: 'google', calendar_sync_latency_ms: 1234 });
  });

  it('is one line and no warning where a total keeps one of its dimensions', () => {
    telemetry().measure(Metric.runs, 1, { direction: 'outbound', calendar_provider: 'microsoft', outcome: 'failed' });
    expect(emitted().map(({ _aws }) => _aws.CloudWatchMetrics[0]?.Dimensions)).toEqual([[['service', 'direction', 'calendar_provider', 'outcome'], ['service', 'outcome']]]);
  });

  it('keeps nothing of the one before it', () => {
    const { measure } = telemetry();
    measure(Metric.latency, 1, { direction: 'inbound', calendar_provider: 'google' });
    measure(Metric.enabled, 2, {});
    const [, second] = emitted();
    expect(lines).toHaveLength(2);
    expect(Object.keys(second ?? {}).sort()).toEqual(['_aws', 'calendar_sync_enabled', 'service']);
    expect(second?._aws.CloudWatchMetrics[0]?.Dimensions).toEqual([['service']]);
  });

  it('shares its line with others of the same moment, each by its own sets of dimensions', () => {
    const dimensions = { direction: 'inbound', calendar_provider: 'google' } as const;
    telemetry().measure(Metric.runs, 1, { ...dimensions, outcome: 'succeeded' }, [Metric.latency, 1234, dimensions], [Metric.items, 0, dimensions], [Metric.noticeToVisible, 56, { calendar_provider: 'google' }]);
    const [line] = emitted();
    expect(lines).toHaveLength(1);
    expect(line?._aws.CloudWatchMetrics).toEqual([
      { Namespace: 'CalendarSync', Dimensions: [['service', 'direction', 'calendar_provider', 'outcome'], ['service', 'outcome']], Metrics: [{ Name: 'calendar_sync_runs_total', Unit: 'Count' }] },
      { Namespace: 'CalendarSync', Dimensions: [['service', 'direction', 'calendar_provider'], ['service']], Metrics: [{ Name: 'calendar_sync_latency_ms', Unit: 'Milliseconds' }, { Name: 'calendar_sync_items_processed', Unit: 'Count' }] },
      { Namespace: 'CalendarSync', Dimensions: [['service', 'calendar_provider']], Metrics: [{ Name: 'calendar_sync_notice_to_visible_ms', Unit: 'Milliseconds' }] },
    ]);
    expect(line).toMatchObject({ service: 'calendar-sync-staging', ...dimensions, outcome: 'succeeded', calendar_sync_runs_total: 1, calendar_sync_latency_ms: 1234, calendar_sync_items_processed: 0, calendar_sync_notice_to_visible_ms: 56 });
  });

  it('says the same of its sets each time, whatever was told with it before', () => {
    const { measure } = telemetry();
    const dimensions = { direction: 'inbound', calendar_provider: 'google' } as const;
    measure(Metric.latency, 1, dimensions);
    measure(Metric.latency, 2, dimensions, [Metric.items, 3, dimensions], [Metric.enabled, 1, {}]);
    measure(Metric.latency, 4, dimensions);
    const [first, , last] = emitted();
    expect(last?._aws.CloudWatchMetrics).toEqual(first?._aws.CloudWatchMetrics);
    expect(Object.keys(last ?? {})).toEqual(Object.keys(first ?? {}));
    expect([first, last].map((line) => line?.['calendar_sync_latency_ms'])).toEqual([1, 4]);
  });

  it('has a line of its own where it would gainsay another of the same moment', () => {
    telemetry().measure(Metric.watchActs, 1, { calendar_provider: 'google', what: 'made' }, [Metric.watchActs, 2, { calendar_provider: 'google', what: 'stopped' }], [Metric.failures, 3, { direction: 'inbound', calendar_provider: 'unknown' }], [Metric.enabled, 4, {}]);
    const samples = lines.flatMap((line) => {
      const read = readEmf(line, Date.now());
      return read?.kind === 'samples' ? read.samples.map(({ name, dimensions, values }) => [name, dimensions, values[0]?.[0]]) : [read];
    });
    const service = 'calendar-sync-staging';
    expect(samples).toHaveLength(5);
    expect(samples).toEqual(expect.arrayContaining([
      ['calendar_sync_watch_acts_total', { service, calendar_provider: 'google', what: 'made' }, 1],
      ['calendar_sync_watch_acts_total', { service, calendar_provider: 'google', what: 'stopped' }, 2],
      ['calendar_sync_failures_total', { service, direction: 'inbound', calendar_provider: 'unknown' }, 3],
      ['calendar_sync_failures_total', { service }, 3],
      ['calendar_sync_enabled', { service }, 4],
    ]));
  });

  it('is counted twice where it is told twice in one moment, the same value or not', () => {
    telemetry().measure(Metric.failures, 1, { direction: 'inbound', calendar_provider: 'google' }, [Metric.failures, 1, { direction: 'inbound', calendar_provider: 'google' }]);
    expect(lines).toHaveLength(2);
    expect(emitted().map((line) => line._aws.CloudWatchMetrics.map(({ Metrics }) => Metrics.length))).toEqual([[1], [1]]);
  });

  it('without dimensions of its own is told by its stage alone', () => {
    telemetry().measure(Metric.enabled, 0, {});
    expect(emitted()[0]?._aws.CloudWatchMetrics[0]).toMatchObject({ Dimensions: [['service']], Metrics: [{ Name: 'calendar_sync_enabled', Unit: 'Count' }] });
  });
});
