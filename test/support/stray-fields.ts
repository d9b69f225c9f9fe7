import { logFieldNames } from '../../lib/platform/log-fields.ts';
import { parseJson } from '../../lib/platform/messages.ts';
import type { Place } from './leaks.ts';

/** What the logger says of each line by itself. */
const framing = ['level', 'message', 'timestamp', 'service', 'function_request_id'];
const known: ReadonlySet<string> = new Set([...framing, ...logFieldNames]);

/** Log lines that are no JSON or say something that is not on the list of fields; `unlisted` on a line is a field that had to be left out. Metrics are no log lines. */
export function strayFields(logs: readonly Place[]): string[] {
  return logs.flatMap(({ where, lines }) =>
    lines.filter((line) => line !== '').flatMap((written) => {
      const { line } = JSON.parse(written) as { line: string };
      const said = parseJson(line);
      if (typeof said !== 'object' || said === null) return [`${where}: a line that is no JSON: ${line.slice(0, 200)}`];
      return '_aws' in said || isRuntimes(said) ? [] : fieldsOf(said).filter((name) => !known.has(name) || name === 'unlisted').map((name) => `${where}: ${name} in ${line.slice(0, 200)}`);
    }),
  );
}

/** How the Lambda runtime logs what a handler throws: of that nothing but our own may be thrown. */
const isRuntimes = (said: object): boolean => 'errorType' in said && said.errorType === 'InvocationFailed';

const fieldsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.flatMap(fieldsOf) : typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([name, one]) => [name, ...fieldsOf(one)]) : [];
