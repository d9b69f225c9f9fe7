// Which lines tell of a connection, a booking or an id, and what each says in plain words.
import type { LogLine } from './log-line.ts';

export interface Whose {
  readonly connection?: string;
  readonly booking?: string;
  readonly correlation?: string;
}

type Fields = LogLine['fields'];
const record = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const targetsOf = ({ fields }: LogLine): Fields[] => (Array.isArray(fields['targets']) ? fields['targets'].map(record) : []);
const named = (line: LogLine, name: string): string[] => [line.fields, ...targetsOf(line)].flatMap((fields) => (typeof fields[name] === 'string' ? [fields[name]] : []));

/** Lines that name it: a word may also stand in a line by chance. */
export const direct = (lines: readonly LogLine[], { connection, booking, correlation }: Whose): LogLine[] =>
  lines.filter((line) => [[connection, 'connection_id'], [booking, 'booking_id'], [correlation, 'correlation_id']].some(([id, name]) => id !== undefined && named(line, name ?? '').includes(id)));

export const correlationsIn = (lines: readonly LogLine[]): string[] => [...new Set(lines.flatMap((line) => named(line, 'correlation_id')))];

/** Lines of the same stories that name nobody else: a tick rings for thousands, and each of them has a story of its own. */
export function related(lines: readonly LogLine[], whose: Whose, told: readonly LogLine[]): LogLine[] {
  const stories = new Set(correlationsIn(told));
  const known = { connection_id: new Set([whose.connection, ...(whose.connection === undefined ? told.flatMap((line) => named(line, 'connection_id')) : [])]), booking_id: new Set([whose.booking, ...(whose.booking === undefined ? told.flatMap((line) => named(line, 'booking_id')) : [])]) };
  return lines.filter((line) => named(line, 'correlation_id').some((id) => stories.has(id)) && named(line, 'connection_id').every((id) => known.connection_id.has(id)) && named(line, 'booking_id').every((id) => known.booking_id.has(id)));
}

const text = (value: unknown): string => (typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value));
const why = ({ error, reason }: Fields): string => (error === undefined && reason === undefined ? '' : `: ${text(record(error)['reason'] ?? reason)}`);
const counted = (value: unknown, name: string): string => `${text(value)} ${name}${value === 1 ? '' : 's'}`;

const sentences: Readonly<Record<string, (fields: Fields) => string>> = {
  notice: (fields) => `received: a notice of ${text(fields['calendar_provider'])}, ${text(fields['outcome'])}${why(fields)}${fields['hinted'] === true ? '; hinted' : ''}`,
  tick: ({ rung }) => `hinted: the timer rang for ${Object.entries(record(rung)).map(([name, count]) => `${text(count)} ${name.replace('_', ', ')}`).join('; ')}`,
  call: (fields) => `${fields['method'] === undefined || fields['method'] === 'GET' ? 'fetched' : 'written'}: ${[text(fields['method']), 'at', text(fields['calendar_provider']), fields['status'] === undefined ? `failed${why(fields)}` : `answered ${text(fields['status'])}`].filter((part) => part !== '').join(' ')} in ${text(fields['ms'])} ms${fields['provider_request_id'] === undefined ? '' : ` (its request ${text(fields['provider_request_id'])})`}`,
  wish: (fields) => `received: version ${text(fields['version'])} of booking ${text(fields['booking_id'])}, ${text(fields['outcome'])}`,
  pull: (fields) => (fields['fence'] === undefined ? `${text(fields['outcome'])}${why(fields)}` : `applied: ${counted(fields['items'], 'item')} under fence ${text(fields['fence'])}, generation ${text(fields['generation'])}; ${fields['cleared'] === true ? 'cleared' : 'not cleared: noticed again meanwhile'}; ${text(fields['ms'])} ms${fields['watch_error'] === undefined ? '' : `; no watch${why({ error: fields['watch_error'] })}`}`),
  drain: (fields) => `applied: version ${text(fields['version'])} of booking ${text(fields['booking_id'])}, ${text(fields['outcome'])}${(Array.isArray(fields['targets']) ? fields['targets'].map(record) : []).map((target) => `; ${text(target['connection_id'])} ${text(target['outcome'])}${why(target)}${target['fence'] === undefined ? '' : ` under fence ${text(target['fence'])}`}`).join('')}`,
};

/** Said by other words above or beside: not repeated. */
const beside: ReadonlySet<string> = new Set(['correlation_id', 'function_request_id', 'error']);

export function sentence({ level, message, fields }: LogLine): string {
  const known = sentences[message];
  const rest = Object.entries(fields).filter(([name]) => !beside.has(name)).map(([name, value]) => ` ${name}=${text(value)}`).join('');
  const said = known === undefined ? `${message}${why({ error: fields['error'] })}${rest}` : known(fields);
  return level === 'INFO' ? said : `${level}: ${said}`;
}

/** One line a line: when, which function, the first letters of its story, what happened. */
export function told(lines: readonly LogLine[]): string[] {
  const width = Math.max(0, ...lines.map((line) => line.function.length));
  return lines.map((line) => `${new Date(line.at).toISOString()}  ${line.function.padEnd(width)}  ${text(line.fields['correlation_id']).slice(0, 8).padEnd(8)}  ${sentence(line)}`);
}
