// Logs and metrics. Only allow-listed facts leave: a raw client error can carry a token, so errors are told by what is safe in them.
import { CalendarError } from '../calendars/port.ts';
import { BadSetting } from './bad-setting.ts';
import { GateClosed } from './gate-closed.ts';
import type { LogFields } from './log-fields.ts';
import type { DimensionsOf, Figure } from './metric-catalog.ts';
import { Metric, type MetricName } from './names.ts';
import { UnknownSealKey } from './seal.ts';

interface AwsError extends Error {
  readonly $metadata: { readonly httpStatusCode?: number; readonly requestId?: string };
}
const isAwsError = (error: unknown): error is AwsError => error instanceof Error && '$metadata' in error;

/** One line that is safe to store and to log: never the message of an error that we did not make. */
export function safeReason(error: unknown): string {
  if (error instanceof CalendarError) return error.message;
  if (error instanceof GateClosed || error instanceof UnknownSealKey || error instanceof BadSetting) return error.message;
  if (isAwsError(error)) return [error.name, error.$metadata.httpStatusCode].filter((part) => part !== undefined).join(' ');
  return error instanceof Error ? error.name : typeof error;
}

/** Fields for a log line about an error: where it came from, without its message. */
export function safeError(error: unknown): { reason: string; stack?: string; aws_request_id?: string } {
  const stack = error instanceof Error ? framesOf(error.stack ?? '') : '';
  return {
    reason: safeReason(error),
    ...(stack && { stack }),
    ...(isAwsError(error) && error.$metadata.requestId !== undefined && { aws_request_id: error.$metadata.requestId }),
  };
}

/** Only lines that look like frames, up to eight from the last that does not: a message of many lines may hold some that pretend to be. */
function framesOf(stack: string): string {
  const lines = stack.split('\n');
  const frames = lines.slice(lines.findLastIndex((line) => !frame.test(line)) + 1);
  return frames.slice(0, 8).map((line) => line.trim()).join(' | ');
}
const frame = /^\s+at (?:[\w$.<>#[\] ]+ \(.+:\d+:\d+\)|[^\s=?]+:\d+:\d+|[\w$.<>#[\] ]+ \(<anonymous>\))$/;

/** Tells a figure, and others of the same moment, which cost less in one line. */
export type Measure = <N extends MetricName>(name: N, value: number, dimensions: DimensionsOf<N>, ...also: readonly Figure[]) => void;

/** Structured log lines. Fields are facts and ids of a closed list, never content of a calendar or a booking. */
export interface Log {
  info(message: string, fields: LogFields): void;
  warn(message: string, fields: LogFields): void;
  error(message: string, fields: LogFields): void;
}
export interface Telemetry {
  readonly measure: Measure;
  readonly log: Log;
}

/** Tells the operator that SSM did not give the settings, by metric and by log: the last good ones serve for five minutes yet. */
export const tellSettingsNotRead =
  ({ measure, log }: Telemetry) =>
  (error: unknown): void => {
    measure(Metric.settingsUnknown, 1, {});
    log.warn('settings not read', { error: safeError(error) });
  };
