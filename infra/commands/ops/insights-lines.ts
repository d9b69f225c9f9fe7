// Log lines of a stage, by CloudWatch Logs Insights over the log groups of all functions. Each query pays for the bytes it reads: the time asked for bounds it.
import { setTimeout as wait } from 'node:timers/promises';
import { GetQueryResultsCommand, StartQueryCommand, type CloudWatchLogsClient, type ResultField } from '@aws-sdk/client-cloudwatch-logs';
import { functionSettings, type FunctionName } from '../../../lib/platform/names.ts';
import { physicalName } from '../../physical-name.ts';
import type { StageName } from '../../stages.ts';
import { Failure } from './failure.ts';
import { byTime, inJson, readLogLine, type Asked, type LogLine, type LogSource } from './log-line.ts';

/** What one query answers at most. */
const mostLines = 10_000;
const wordsAtOnce = 50;
const groupOf = (stage: StageName, name: string): string => `/aws/lambda/${physicalName({ name: stage }, name)}`;

/** `pollMs`: between two looks whether a query is done. */
export function insightsLines(client: CloudWatchLogsClient, stage: StageName, { clock = Date.now, pollMs = 1000 }: { clock?: () => number; pollMs?: number } = {}): LogSource {
  const groups = (Object.keys(functionSettings) as FunctionName[]).map((name) => [groupOf(stage, name), name] as const);
  return {
    newest: () => Promise.resolve(clock()),
    async find({ words, since, until }) {
      const found: LogLine[] = [];
      for (let at = 0; at < words.length; at += wordsAtOnce) {
        const rows = await query(client, { logGroupNames: groups.map(([group]) => group), words: words.slice(at, at + wordsAtOnce), since, until, pollMs });
        found.push(...rows.flatMap((row) => lineOf(row, groups) ?? []));
      }
      return byTime(found);
    },
  };
}

async function query(client: CloudWatchLogsClient, { logGroupNames, words, since, until, pollMs }: Asked & { logGroupNames: string[]; pollMs: number }): Promise<ResultField[][]> {
  const queryString = `fields @timestamp, @log, @message | filter ${words.map((word) => `@message like ${JSON.stringify(inJson(word))}`).join(' or ')} | sort @timestamp asc | limit ${mostLines}`;
  const { queryId } = await client.send(new StartQueryCommand({ logGroupNames, startTime: Math.floor(since / 1000), endTime: Math.ceil(until / 1000), queryString }));
  for (;;) {
    const { status, results = [] } = await client.send(new GetQueryResultsCommand({ queryId }));
    if (status === 'Complete') {
      if (results.length >= mostLines) throw new Failure(`More than ${mostLines} lines tell of it: ask for a shorter time, --since 10m.`);
      return results;
    }
    if (status !== 'Scheduled' && status !== 'Running') throw new Failure(`CloudWatch Logs Insights ended the query: ${String(status)}.`);
    await wait(pollMs);
  }
}

/** `@log` is the account's number, a colon, and the group. */
function lineOf(row: readonly ResultField[], groups: readonly (readonly [string, string])[]): LogLine | undefined {
  const value = (name: string): string => row.find(({ field }) => field === name)?.value ?? '';
  const from = groups.find(([group]) => value('@log').endsWith(`:${group}`))?.[1] ?? value('@log');
  return readLogLine(value('@message'), { at: Date.parse(`${value('@timestamp').replace(' ', 'T')}Z`), from });
}
