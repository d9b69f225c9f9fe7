import { InvalidArgumentError } from 'commander';
import { lengthOf } from './ages.ts';
import type { AddCommand, Answer, Job } from './command.ts';
import { ExitCode, Failure } from './failure.ts';
import { byTime } from './log-line.ts';
import { correlationsIn, direct, related, told, type Whose } from './story.ts';

interface Options extends Whose {
  readonly since?: number;
  readonly stage?: string;
}

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `15m`, `1h`, `2d`, in milliseconds. */
function span(given: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(given) ?? [];
  if (count === undefined || Number(count) === 0) throw new InvalidArgumentError('It is a length of time: 90s, 15m, 1h or 2d.');
  return Number(count) * (units[unit ?? ''] ?? 0);
}

async function story({ place }: Job, { connection, booking, correlation, since, stage }: Options): Promise<Answer> {
  const words = [connection, booking, correlation].filter((id) => id !== undefined);
  if (words.length === 0) throw new Failure('Whose story? Name a connection, a booking or an id: --connection ID, --booking ID, --correlation ID.', ExitCode.usage);
  if (place.logs === undefined) throw new Failure(`Nobody keeps log lines on ${place.name}.`);
  const whose: Whose = { ...(connection !== undefined && { connection }), ...(booking !== undefined && { booking }), ...(correlation !== undefined && { correlation }) };
  const until = await place.logs.newest();
  // Logs Insights is paid by what it reads; the files of a local run are not.
  const length = since ?? (stage === undefined ? until : units['h'] ?? 0);
  const asked = { since: until - length, until };
  const first = direct(await place.logs.find({ ...asked, words }), whose);
  const stories = correlationsIn(first);
  const beside = correlation !== undefined || stories.length === 0 ? [] : related(await place.logs.find({ ...asked, words: stories }), whose, first);
  const keys = new Set(first.map((line) => JSON.stringify(line)));
  const lines = byTime([...first, ...beside.filter((line) => !keys.has(JSON.stringify(line)))]);
  const within = length === until ? '' : ` in the last ${lengthOf(length)}`;
  const title = `${words.join(', ')} on ${place.name}${within}: ${lines.length} lines, ${stories.length} stories`;
  return { data: lines.map(({ at, ...line }) => ({ at: new Date(at).toISOString(), ...line })), text: [title, ...(lines.length === 0 ? ['Nothing tells of it: another id, or longer ago? --since 2d'] : told(lines))], bad: lines.length === 0 };
}

export const logs: AddCommand = (program, act) =>
  void program
    .command('logs')
    .description('tell the story of a connection or a booking from the logs, in order: received, hinted, fetched, applied, cleared')
    .option('--connection <id>', 'of this connection')
    .option('--booking <id>', 'of this booking')
    .option('--correlation <id>', 'all that came of one notice, message or tick')
    .option('--since <time>', 'how far back: 90s, 15m, 1h, 2d (default: 1h on a stage, everything on the local run)', span)
    .action(act((job, options) => story(job, options as unknown as Options)));
