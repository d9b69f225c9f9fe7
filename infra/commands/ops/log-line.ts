// Log lines of the functions, wherever they are kept.
import { parseJson } from '../../../lib/platform/messages.ts';

export interface LogLine {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Its file's name. */
  readonly function: string;
  readonly level: string;
  readonly message: string;
  /** What it says, by lib/platform/log-fields.ts. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Asked {
  /** Lines that hold one of these, anywhere. */
  readonly words: readonly string[];
  /** Milliseconds; nothing before is looked at. */
  readonly since: number;
  readonly until: number;
}

export interface LogSource {
  /** Until when there are lines: the time by the clock that wrote them. */
  newest(): Promise<number>;
  /** Oldest first. */
  find(asked: Asked): Promise<LogLine[]>;
}

/** The logger's own words, which every line has. */
const framing: ReadonlySet<string> = new Set(['level', 'message', 'timestamp', 'service']);

/** Undefined: no line of ours, such as a metric or one of the platform. */
export function readLogLine(text: string, { at, from }: { at: number; from: string }): LogLine | undefined {
  const line = parseJson(text) as Record<string, unknown> | null | undefined;
  if (typeof line !== 'object' || line === null || typeof line['message'] !== 'string' || typeof line['level'] !== 'string') return undefined;
  const fields = Object.fromEntries(Object.entries(line).filter(([name]) => !framing.has(name)));
  return { at, function: from, level: line['level'], message: line['message'], fields };
}

/** A word as it stands within a line of JSON. */
export const inJson = (word: string): string => JSON.stringify(word).slice(1, -1);

export const byTime = (lines: readonly LogLine[]): LogLine[] => lines.toSorted((one, other) => one.at - other.at);
