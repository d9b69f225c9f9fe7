// What CloudWatch has of our metrics, in as few calls as it takes: 500 metrics each.
import { GetMetricDataCommand, type CloudWatchClient, type MetricDataQuery, type MetricDataResult } from '@aws-sdk/client-cloudwatch';
import type { Series } from '../../platform/metric-catalog.ts';
import { metricNamespace, metricService } from '../../platform/names.ts';

export interface Asked extends Series {
  readonly stat: string;
}

export interface Span {
  readonly from: number;
  readonly to: number;
  readonly periodSeconds: number;
}

/** For each asked, its datapoints, oldest first. */
export type ReadFigures = (asked: readonly Asked[], span: Span) => Promise<readonly (readonly number[])[]>;

const queriesAtOnce = 500;

export function readFigures(client: CloudWatchClient, stage: string): ReadFigures {
  return async (asked, span) => {
    const found: number[][] = asked.map(() => []);
    for (let from = 0; from < asked.length; from += queriesAtOnce) {
      const queries = asked.slice(from, from + queriesAtOnce).map((one, n) => queryOf(one, { id: `q${from + n}`, stage, period: span.periodSeconds }));
      for (const { Id = '', Values = [] } of await readAll(client, queries, span)) found[Number(Id.slice(1))]?.push(...Values);
    }
    return found;
  };
}

const queryOf = ({ name, dimensions, stat }: Asked, { id, stage, period }: { id: string; stage: string; period: number }): MetricDataQuery => ({
  Id: id,
  MetricStat: { Metric: { Namespace: metricNamespace, MetricName: name, Dimensions: Object.entries({ service: metricService(stage), ...dimensions }).map(([Name, Value]) => ({ Name, Value })) }, Period: period, Stat: stat },
});

/** All pages. A result that is incomplete, or a code that says so, would make a counter seem to fall: that is an error. */
async function readAll(client: CloudWatchClient, queries: MetricDataQuery[], { from, to }: Span): Promise<MetricDataResult[]> {
  const results: MetricDataResult[] = [];
  let next: string | undefined;
  do {
    const page = await client.send(new GetMetricDataCommand({ MetricDataQueries: queries, StartTime: new Date(from), EndTime: new Date(to), ScanBy: 'TimestampAscending', ...(next !== undefined && { NextToken: next }) }));
    const failed = page.MetricDataResults?.find(({ StatusCode }) => StatusCode === 'InternalError' || StatusCode === 'Forbidden');
    if (failed) throw new Error(`CloudWatch answered ${failed.StatusCode}.`);
    results.push(...(page.MetricDataResults ?? []));
    next = page.NextToken;
  } while (next !== undefined);
  return results;
}
