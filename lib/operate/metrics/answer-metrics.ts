// GET /ops/metrics/calendar: every metric, from CloudWatch and never from one function's memory.
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Clock } from '../../platform/clock.ts';
import { answering, Problem } from '../../platform/problem.ts';
import type { ReadFigures } from './figures.ts';
import { jsonMetrics, prometheusText } from './formats.ts';
import type { SnapshotRows } from './snapshot-row.ts';
import { takeSnapshot, type Snapshot } from './snapshot.ts';

export interface MetricsParts {
  readonly read: ReadFigures;
  readonly rows: SnapshotRows;
  readonly stage: string;
  readonly clock: Clock;
  readonly failed: (failure: unknown) => void;
}

const types = { json: 'application/json', prometheus: 'text/plain; version=0.0.4; charset=utf-8' } as const;

export const answerMetrics =
  (parts: MetricsParts) =>
  (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> =>
    answering(async () => {
      const format = new URLSearchParams(event.rawQueryString).get('format') ?? 'json';
      if (format !== 'json' && format !== 'prometheus') throw new Problem('bad-request', 'format is json or prometheus.');
      const snapshot: Snapshot = await takeSnapshot(parts);
      const body = format === 'prometheus' ? prometheusText(snapshot) : JSON.stringify(jsonMetrics(snapshot, parts.stage));
      return { statusCode: 200, headers: { 'content-type': types[format], 'cache-control': 'no-store' }, body };
    }, parts.failed);
