// Powertools, wired once for all functions: JSON logs, and metrics as EMF lines on stdout. The stack names the service.
import { randomUUID } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { readEnvironment } from '../../lib/platform/environment.ts';
import { metricCatalog, unitOf, type MetricKind } from '../../lib/platform/metric-catalog.ts';
import { Env, metricNamespace, metricService } from '../../lib/platform/names.ts';
import { onlyListed } from '../../lib/platform/log-fields.ts';
import type { Tracing } from '../../lib/platform/trace.ts';

/** Left to itself Powertools prints a warning for each line in which a dimension stands in two sets, as it does in every total; the catalog's types hold the rest of what it warns of. */
const silent = { trace: () => undefined, debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

export function telemetry(): Tracing & { logger: Logger } {
  const logger = new Logger();
  const metrics = new Metrics({ namespace: metricNamespace, serviceName: metricService(readEnvironment([Env.stage]).STAGE), logger: silent });
  return {
    logger,
    newCorrelation: randomUUID,
    // One EMF line a figure, written at once, since the dimensions differ from figure to figure.
    measure: (name, value, dimensions) => {
      const { totals = [] }: MetricKind = metricCatalog[name];
      const values = dimensions as Readonly<Record<string, string>>;
      const single = metrics.singleMetric();
      for (const set of [Object.keys(values), ...totals]) single.addDimensions(Object.fromEntries(set.map((each) => [each, values[each] ?? ''])));
      single.addMetric(name, unitOf(name), value);
    },
    log: {
      info: (message, fields) => logger.info(message, onlyListed(fields)),
      warn: (message, fields) => logger.warn(message, onlyListed(fields)),
      error: (message, fields) => logger.error(message, onlyListed(fields)),
    },
  };
}
