import type { CalendarProvider } from '../calendars/port.ts';
import { Metric } from '../platform/names.ts';
import { safeError, type Telemetry } from '../platform/telemetry.ts';
import type { WebhookParts } from './receive-webhook.ts';

/** Says how a delivery ended, in metrics, and of a 503 why, in the log. */
export const tellDelivery =
  ({ measure, log }: Telemetry, provider: CalendarProvider): WebhookParts['told'] =>
  (outcome, { failure, coalesced = 0 } = {}) => {
    measure(Metric.webhooks, 1, { calendar_provider: provider, outcome }, ...(coalesced > 0 ? [[Metric.hintsCoalesced, coalesced, { calendar_provider: provider }] as const] : []));
    if (failure !== undefined) log.error('webhook answered 503', { outcome, error: safeError(failure) });
  };
