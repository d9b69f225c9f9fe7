// All metrics at one moment. Counters are sums since the stage's first day and never fall: CloudWatch forgets after 455 days, so whole days
// are added up in a row of ours once they are over, and what was served once is the least that is served again.
import { days, minutes, type Clock } from '../../platform/clock.ts';
import { metricCatalog, seriesOf, type MetricKind, type Series } from '../../platform/metric-catalog.ts';
import type { MetricName } from '../../platform/names.ts';
import type { ReadFigures } from './figures.ts';
import type { SnapshotRow, SnapshotRows } from './snapshot-row.ts';

/** Sums by series, see `keyOf`. */
export type Figures = Readonly<Record<string, number>>;

/** As the row holds it. */
export interface Snapshot {
  /** When it was taken, in ms. */
  readonly at: number;
  /** The first midnight (UTC) that counts. */
  readonly since: number;
  /** Counters, and of each summary its sum and its count: never less than before. */
  readonly served: Figures;
  /** Gauges, and the quantiles of summaries; absent where nothing was sent lately. */
  readonly newest: Figures;
}

export const quantiles = [0.5, 0.95, 0.99] as const;
const servedFor = minutes(1);
/** CloudWatch keeps hourly figures for so long: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html */
const remembered = days(455);
/** A day is added up for good when it has been over for so long: figures may come late. */
const settles = days(1);
const lately = minutes(15);

/** `calendar_sync_runs_total{direction=inbound,…}|Sum`. */
export const keyOf = ({ name, dimensions }: Series, stat: string): string => `${name}{${Object.entries(dimensions).map(([each, value]) => `${each}=${value}`).join(',')}}|${stat}`;

const kinds = Object.entries<MetricKind>(metricCatalog);
const ofKind = (kind: MetricKind['kind']): Series[] => kinds.flatMap(([name, each]) => (each.kind === kind ? seriesOf(name as MetricName) : []));
const withStat = (stat: string) => (series: Series) => ({ ...series, stat });

const counted = [...ofKind('counter').map(withStat('Sum')), ...ofKind('summary').flatMap((series) => [withStat('Sum')(series), withStat('SampleCount')(series)])];
const current = [...ofKind('gauge').map(withStat('Maximum')), ...ofKind('summary').flatMap((series) => quantiles.map((share) => withStat(`p${share * 100}`)(series)))];

interface SnapshotParts {
  readonly read: ReadFigures;
  readonly rows: SnapshotRows;
  readonly clock: Clock;
}

const midnight = (at: number): number => Math.floor(at / days(1)) * days(1);

/** At most one a minute for the whole stage, whoever asks: the row is the cache too. */
export async function takeSnapshot({ read, rows, clock }: SnapshotParts): Promise<Snapshot> {
  const before = await rows.read();
  const now = clock();
  if (before && now - before.at < servedFor) return before;
  const fresh = await advance(read, before, now);
  if (await rows.save(fresh, before)) return fresh;
  // Another was quicker: two answers of one moment must not differ.
  return (await rows.read()) ?? fresh;
}

async function advance(read: ReadFigures, before: SnapshotRow | undefined, now: number): Promise<SnapshotRow> {
  const since = before?.since ?? midnight(now - remembered);
  const through = before?.through ?? since;
  const settled = Math.max(through, midnight(now - settles));
  const day = days(1) / 1000;
  const folded = settled > through ? await sums(read, { from: through, to: settled, periodSeconds: day }) : {};
  const totals = added(before?.totals ?? {}, folded);
  const sofar = added(totals, await sums(read, { from: settled, to: now, periodSeconds: day }));
  const served = Object.fromEntries(counted.map((each) => keyOf(each, each.stat)).map((key) => [key, Math.max(sofar[key] ?? 0, before?.served[key] ?? 0)]));
  return { revision: (before?.revision ?? 0) + 1, at: now, since, through: settled, totals, served, newest: await newestOf(read, now) };
}

async function sums(read: ReadFigures, span: Parameters<ReadFigures>[1]): Promise<Figures> {
  const values = await read(counted, span);
  return Object.fromEntries(counted.map((each, n) => [keyOf(each, each.stat), (values[n] ?? []).reduce((sum, value) => sum + value, 0)] as const).filter(([, sum]) => sum !== 0));
}

const added = (one: Figures, other: Figures): Figures => Object.fromEntries([...new Set([...Object.keys(one), ...Object.keys(other)])].map((key) => [key, (one[key] ?? 0) + (other[key] ?? 0)]));

async function newestOf(read: ReadFigures, now: number): Promise<Figures> {
  const to = Math.ceil(now / minutes(5)) * minutes(5);
  const values = await read(current, { from: to - lately, to, periodSeconds: 300 });
  return Object.fromEntries(current.flatMap((each, n) => (values[n]?.length ? [[keyOf(each, each.stat), values[n].at(-1) ?? 0] as const] : [])));
}
