// Powertools, wired once for all functions: JSON logs, and metrics as EMF lines on stdout. The stack names the service.
import { randomUUID } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import { readEnvironment } from '../../lib/platform/environment.ts';
import { onlyListed } from '../../lib/platform/log-fields.ts';
import type { Figure } from '../../lib/platform/metric-catalog.ts';
import { Env, metricService } from '../../lib/platform/names.ts';
import type { Tracing } from '../../lib/platform/trace.ts';
import { emfLines } from './emf-lines.ts';
import { fewWords } from './few-words.ts';

export function telemetry(): Tracing & { logger: Logger } {
  const logger = new Logger({ logFormatter: fewWords });
  const lines = emfLines(metricService(readEnvironment([Env.stage]).STAGE));
  return {
    logger,
    newCorrelation: randomUUID,
    // Written at once: what a time-out ends has told what it had counted.
    measure: (name, value, dimensions, ...also) => {
      for (const line of lines([[name, value, dimensions] as Figure, ...also], Date.now())) process.stdout.write(`${line}\n`);
    },
    log: {
      info: (message, fields) => logger.info(message, onlyListed(fields)),
      warn: (message, fields) => logger.warn(message, onlyListed(fields)),
      error: (message, fields) => logger.error(message, onlyListed(fields)),
    },
  };
}
