// Powertools, wired once for all functions: JSON logs, and metrics as EMF lines on stdout. The stack names the service.
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { metricNamespace } from '../../lib/platform/names.ts';
import type { Telemetry } from '../../lib/platform/telemetry.ts';

export function telemetry(): Telemetry & { logger: Logger } {
  const logger = new Logger();
  const metrics = new Metrics({ namespace: metricNamespace });
  return {
    logger,
    // One EMF line a figure, written at once, since the dimensions differ from figure to figure.
    measure: (name, value, dimensions = {}) => {
      const single = metrics.singleMetric();
      for (const [dimension, of] of Object.entries(dimensions)) single.addDimension(dimension, of);
      single.addMetric(name, name.endsWith('_ms') ? MetricUnit.Milliseconds : MetricUnit.Count, value);
    },
    log: {
      info: (message, fields) => logger.info(message, fields),
      warn: (message, fields) => logger.warn(message, fields),
      error: (message, fields) => logger.error(message, fields),
    },
  };
}
