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
  // Each figure is published as soon as it is added. `singleMetric()` would make another instance each time, with a console of its own: that was a third of a webhook's own time.
  const metrics = new Metrics({ namespace: metricNamespace, serviceName: metricService(readEnvironment([Env.stage]).STAGE), logger: silent, singleMetric: true });
  return {
    logger,
    newCorrelation: randomUUID,
    // One EMF line a figure, written at once, since the dimensions differ from figure to figure.
    measure: (name, value, dimensions) => {
      const { totals = [] }: MetricKind = metricCatalog[name];
      const values = dimensions as Readonly<Record<string, string>>;
      for (const set of [Object.keys(values), ...totals]) metrics.addDimensions(Object.fromEntries(set.map((each) => [each, values[each] ?? ''])));
      metrics.addMetric(name, unitOf(name), value);
    },
    log: {
      info: (message, fields) => logger.info(message, onlyListed(fields)),
      warn: (message, fields) => logger.warn(message, onlyListed(fields)),
      error: (message, fields) => logger.error(message, onlyListed(fields)),
    },
  };
}
