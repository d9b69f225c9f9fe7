// What a log line may say: facts and ids, by a closed list. A field that nobody thought about cannot carry a token, a title or an
// address out; one that is needed is added here, where it is read twice.

export const logFieldNames = [
  // whose
  'correlation_id', 'connection_id', 'provider_id', 'booking_id', 'message_id', 'calendar_provider', 'calendar_key', 'event_id', 'watch_id',
  // what became of it
  'outcome', 'why', 'reason', 'detail', 'step', 'error', 'watch_error', 'stack', 'aws_request_id', 'idempotency', 'targets', 'unlisted',
  // where it stands
  'version', 'generation', 'fence', 'cleared', 'hinted',
  // how much, how long
  'items', 'marked', 'ms', 'visible_after_ms', 'retry_at', 'watches', 'made', 'renewed', 'stopped', 'orphans',
  // of a timer's tick: hints by what they ring for
  'rung', 'dirty', 'due_any', 'due_sync', 'due_jobs', 'late', 'pending',
  // of a call to a calendar provider
  'method', 'status', 'provider_request_id',
] as const;
export type LogFieldName = (typeof logFieldNames)[number];

type LogValue = string | number | boolean | undefined | LogFields | readonly LogFields[];
export type LogFields = { readonly [Name in LogFieldName]?: LogValue };

const known: ReadonlySet<string> = new Set(logFieldNames);
/** No fact is longer; text that is may be somebody's. */
const longest = 2000;

/** What of it is on the list, within lists and records too. Types hold that already; this holds where they were talked round: `unlisted` counts what was left out. */
export function onlyListed(fields: LogFields): Record<string, unknown> {
  const told: Record<string, unknown> = {};
  let unlisted = 0;
  for (const [name, value] of Object.entries(fields)) {
    if (!known.has(name)) unlisted += 1;
    else if (value !== undefined) told[name] = listedValue(value);
  }
  return unlisted === 0 ? told : { ...told, unlisted };
}

function listedValue(value: LogValue): unknown {
  if (typeof value === 'string') return value.slice(0, longest);
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? value.map((one: LogFields) => onlyListed(one)) : onlyListed(value as LogFields);
}
