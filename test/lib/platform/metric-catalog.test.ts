import { describe, expect, it } from '@jest/globals';
import { everySeries, metricCatalog, seriesOf, unitOf, type MetricKind } from '../../../lib/platform/metric-catalog.ts';
import { Metric } from '../../../lib/platform/names.ts';

/** What CloudWatch may bill a stage for at most, at $0.30 each: $48 a month if every combination came up in every hour, which none does. */
const most = 160;

describe('the metrics', () => {
  it(`are ${most} series at most, whatever happens`, () => {
    const series = everySeries();
    expect(series.length).toBeGreaterThan(100);
    expect(series.length).toBeLessThanOrEqual(most);
    expect(new Set(series.map((each) => JSON.stringify([each.name, ...Object.entries(each.dimensions)]))).size).toBe(series.length);
  });

  it('have no dimension that tells one connection, provider, calendar or booking from another', () => {
    const names = Object.values<MetricKind>(metricCatalog).flatMap(({ dimensions }) => Object.keys(dimensions));
    expect([...new Set(names)].sort()).toEqual(['calendar_provider', 'direction', 'health', 'outcome', 'purpose', 'queue', 'reason', 'state', 'what', 'whose', 'why']);
    expect(Object.values<MetricKind>(metricCatalog).flatMap(({ dimensions }) => Object.values(dimensions)).every((values) => values.length > 0 && values.length <= 23)).toBe(true);
  });

  it('are named as Prometheus asks, and their totals only leave dimensions out', () => {
    for (const name of Object.values(Metric)) {
      const { kind, dimensions, totals = [] }: MetricKind = metricCatalog[name];
      expect(name).toMatch(/^calendar_sync_[a-z_]+$/);
      expect([name, kind === 'summary']).toEqual([name, unitOf(name) === 'Milliseconds' && kind !== 'gauge']);
      expect(totals.every((set) => set.every((each) => each in dimensions) && set.length < Object.keys(dimensions).length)).toBe(true);
    }
    expect(seriesOf(Metric.runs)).toHaveLength(12);
  });
});
