import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { InvalidArgumentError } from 'commander';
import { deadQueue, type DeadLetter, type DeadQueue } from '../../../lib/operate/dead-queue.ts';
import { redactedBody } from '../../../lib/operate/redacted-body.ts';
import { lookAt, redrive, type Choice } from '../../../lib/operate/redrive.ts';
import { queueNames, type QueueName } from '../../../lib/platform/names.ts';
import { ago, iso } from './ages.ts';
import type { AddCommand, Answer, Job } from './command.ts';
import { Failure } from './failure.ts';
import type { AnyQueueName, Place } from './place.ts';
import { wholeNumber } from '../whole-number.ts';

/** Taken in hand at once, unless said. */
const usualLimit = 1000;

export function queueNamed(text: string): QueueName {
  const found = queueNames.find((name) => name === text.replace(/-dead$/, ''));
  if (found === undefined) throw new InvalidArgumentError(`Queues: ${queueNames.join(', ')}.`);
  return found;
}

/** The local engine is one server: nothing is overlooked there, and a wait would be waited out. */
const deadOf = async ({ sqs, queueUrl, stage }: Place, name: QueueName): Promise<DeadQueue> =>
  deadQueue(sqs, { dead: await queueUrl(`${name}-dead`), destination: await queueUrl(name), waitSeconds: stage === undefined ? 0 : 1 });

export interface Depth {
  readonly waiting: number;
  /** In somebody's hand. */
  readonly taken: number;
  readonly delayed: number;
}

/** As SQS counts them: about. */
export async function depthOf({ sqs, queueUrl }: Place, name: AnyQueueName): Promise<Depth> {
  const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: await queueUrl(name), AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'ApproximateNumberOfMessagesDelayed'] }));
  return { waiting: Number(Attributes.ApproximateNumberOfMessages ?? 0), taken: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0), delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0) };
}

const toldOf = ({ messageId, origin, reason, sentAt, body }: DeadLetter) => ({ id: messageId, origin, reason, sent_at: iso(sentAt), bytes: Buffer.byteLength(body) });
const rowOf = (now: number) => ({ messageId, origin, reason, sentAt, body }: DeadLetter) => ({ id: messageId, reason, sent: ago(sentAt, now), bytes: Buffer.byteLength(body), origin: origin === messageId ? 'the same' : origin });

async function list({ place, clock }: Job, names: readonly QueueName[]): Promise<Answer> {
  const found = new Map<QueueName, DeadLetter[]>();
  for (const name of names) found.set(name, await lookAt(await deadOf(place, name), { limit: usualLimit }));
  const sections = [...found].map(([name, letters]) => ({ title: `${name}-dead (${letters.length}), redriven to ${name}`, rows: letters.map(rowOf(clock())) }));
  return { data: Object.fromEntries([...found].map(([name, letters]) => [`${name}-dead`, letters.map(toldOf)])), text: sections };
}

async function show({ place, clock }: Job, name: QueueName, id: string): Promise<Answer> {
  const [letter] = await lookAt(await deadOf(place, name), { limit: usualLimit, choice: { ids: [id] } });
  if (letter === undefined) throw new Failure(`No dead letter of ${name} has the id ${id}: npm run ops -- dlq list`);
  const body = redactedBody(letter.body);
  const attributes = Object.keys(letter.attributes);
  return {
    data: { ...toldOf(letter), attributes, body },
    text: [`${letter.messageId} in ${name}-dead, sent ${ago(letter.sentAt, clock())}`, `reason      ${letter.reason}`, `origin      ${letter.origin}`, `attributes  ${attributes.join(', ') || 'none'}`, `body, redacted (${Buffer.byteLength(letter.body)} bytes):`, typeof body === 'string' ? body : JSON.stringify(body, null, 2)],
  };
}

interface RedriveOptions {
  readonly id?: readonly string[];
  readonly reason?: string;
  readonly limit: number;
  readonly dryRun?: true;
}

async function bringBack(job: Job, name: QueueName, { id, reason, limit, dryRun }: RedriveOptions): Promise<Answer> {
  const queue = await deadOf(job.place, name);
  const choice: Choice = { ...(id && { ids: id }), ...(reason !== undefined && { reason }) };
  const letters = await lookAt(queue, { limit, choice });
  const would = { title: `Dead letters of ${name}-dead that go back to ${name}`, rows: letters.map(rowOf(job.clock())) };
  const data = { from: `${name}-dead`, to: name, letters: letters.map(toldOf) };
  if (letters.length === 0) return { data: { ...data, moved: 0 }, text: [`Nothing in ${name}-dead is to be redriven.`] };
  if (dryRun === true) return { data: { ...data, moved: 0, dry_run: true }, text: [would, 'A dry run: nothing was moved.'] };
  await job.agree([`${letters.length} dead letter${letters.length === 1 ? '' : 's'} from ${name}-dead back to ${name}: ${[...new Set(letters.map((letter) => letter.reason))].join(', ')}`]);
  const { moved } = await redrive(queue, { limit, choice: { ids: letters.map(({ messageId }) => messageId) } });
  const text = `${moved.length} of ${letters.length} moved to ${name}, with body, reason and first id as they were. Safe to repeat: what was moved twice changes nothing.`;
  return { data: { ...data, moved: moved.length }, text: [would, text], bad: moved.length < letters.length };
}

const several = (value: string, earlier: readonly string[] | undefined): readonly string[] => [...(earlier ?? []), value];

export const dlq: AddCommand = (program, act) => {
  const group = program.command('dlq').description('dead letters: messages that were delivered too often, or can never be valid');
  const naming = queueNames.join(', ');
  group.command('list').description('what lies there and why').argument('[queue]', `${naming} (default: all)`, queueNamed).action(act((job, _, [name]) => list(job, name === undefined ? queueNames : [name as QueueName])));
  group.command('show').description('one of them; its body without texts').argument('<queue>', naming, queueNamed).argument('<id>').action(act((job, _, [name, id]) => show(job, name as QueueName, id ?? '')));
  group
    .command('redrive')
    .description('put them back on the queue they came from; shows first which')
    .argument('<queue>', naming, queueNamed)
    .option('--id <id>', 'only this one; may be given several times', several)
    .option('--reason <reason>', 'only those set aside for this reason')
    .option('--limit <n>', 'at most', wholeNumber(1, 100_000), usualLimit)
    .option('--dry-run', 'show, and move nothing')
    .action(act((job, options, [name]) => bringBack(job, name as QueueName, options as unknown as RedriveOptions)));
};
