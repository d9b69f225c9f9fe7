import { randomUUID } from 'node:crypto';
import { GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { depthOf } from '../../../infra/commands/ops/dlq.ts';
import type { Place } from '../../../infra/commands/ops/place.ts';
import { deadQueue, type DeadLetter } from '../../../lib/operate/dead-queue.ts';
import { lookAt } from '../../../lib/operate/redrive.ts';
import { Metric, queueNames, type QueueName } from '../../../lib/platform/names.ts';
import { bookingRows } from '../../support/booking-rows.ts';
import { eventually } from '../../support/eventually.ts';
import { settled } from '../../support/inbox-rows.ts';
import { hour, professional, type Professional } from '../../support/journey.ts';
import type { BookingInput, Platform } from '../../support/platform.ts';
import type { Run } from '../../support/run.ts';
import { ops } from '../act.ts';
import { clears, rings } from '../alarm-watch.ts';
import type { Drill, Seen } from '../drill.ts';
import { applied, bookingOf } from '../enablement/bookings.ts';
import { expectThat } from '../expect-that.ts';
import { total } from '../figures.ts';

type Queue = 'inbound' | 'booking';
const queues = ['inbound', 'booking'] as const;
/** Nobody but its sender and the one it is for may read it. */
const confided = 'Frau Muster, second opinion';

const eventOf = (type: string, booking: object): string => JSON.stringify({ id: randomUUID(), type, occurred_at: new Date().toISOString(), booking: { service_id: 'consultation', status: 'confirmed', ...booking } });
const send = ({ sqs, outputs }: Platform, queue: Queue | `${Queue}-dead`, body: string) => sqs.send(new SendMessageCommand({ QueueUrl: outputs.queues[queue], MessageBody: body }));
const lettersOf = ({ sqs, outputs }: Platform, queue: Queue): Promise<DeadLetter[]> => lookAt(deadQueue(sqs, { dead: outputs.queues[`${queue}-dead`], destination: outputs.queues[queue], waitSeconds: 0 }), { limit: 100 });

/** What can never be valid, with the reason that must be given. */
const poison = (someone: Professional): Readonly<Record<Queue, Readonly<Record<string, string>>>> => ({
  inbound: { not_a_hint: '{"v":1,"hint":"pull"' },
  booking: {
    not_json: 'no JSON {',
    unknown_type: eventOf('booking.imagined', { ...bookingOf(someone.providerId, hour(2)), title: confided }),
    invalid_event: eventOf('booking.created', { ...bookingOf(someone.providerId, hour(2)), end_time: new Date(hour(1).start).toISOString(), title: confided }),
  },
});

/** Waits until these lie among the dead letters, each with its reason and body. */
const lie = (platform: Platform, queue: Queue, wanted: Readonly<Record<string, string>>): Promise<DeadLetter[]> =>
  eventually(`${Object.keys(wanted).join(', ')} in ${queue}-dead, as they were sent`, async () => {
    const letters = await lettersOf(platform, queue);
    return letters.length === Object.keys(wanted).length && Object.entries(wanted).every(([reason, body]) => letters.some((letter) => letter.reason === reason && letter.body === body && letter.origin !== '')) && letters;
  });

/** All that a redrive could change. */
async function everything({ platform }: Run, someone: Professional, bookings: readonly string[]): Promise<string> {
  const rows = await Promise.all(bookings.map((id) => bookingRows(platform, id)));
  const events = (await someone.person.events()).map(({ id, title, start, end }) => ({ id, title, start, end }));
  return JSON.stringify({ rows, events: events.sort((a, b) => a.start - b.start), busy: (await platform.busy(someone.providerId, hour(0).start, hour(12).end)).busy });
}

export const deadLetters: Drill = {
  name: 'dead-letters',
  title: 'What can never be done is set aside whole and with its reason, rings, is shown without what is private, and goes back without doing anything twice.',
  clock: 20,
  async run({ place, local, step }) {
    const run = local as Run;
    const { platform, sandbox } = run;
    let someone: Professional;
    let bad: ReturnType<typeof poison>;
    let live: BookingInput;
    let lost: BookingInput;
    let first: readonly DeadLetter[] = [];

    await step({
      name: 'configured',
      expects: 'Each queue gives what was delivered too often to a dead-letter queue of its own.',
      act: async () => {
        const policies = await Promise.all(queueNames.map(async (name) => [name, await redrivePolicyOf(place, name)] as const));
        for (const [name, { deadLetterTargetArn: target, maxReceiveCount: times }] of policies) expectThat(target?.endsWith(`-${name}-dead`) === true && Number(times) > 1, `${name} gives them to ${target} after ${times} deliveries`);
        return Object.fromEntries(policies);
      },
    });
    await step({
      name: 'set-aside',
      expects: 'Each lies in the dead-letter queue of its queue with its original body, the reason and the id it first had; a good message beside it is done.',
      localOnly: true,
      act: async () => {
        someone = await professional(platform, 'google');
        bad = poison(someone);
        for (const queue of queues) for (const body of Object.values(bad[queue])) await send(platform, queue, body);
        live = bookingOf(someone.providerId, hour(0));
        await platform.publish('created', live);
        await applied(platform, live.id, 1);
        const [inbound, booking] = await Promise.all(queues.map((queue) => lie(platform, queue, bad[queue])));
        first = [...(inbound ?? []), ...(booking ?? [])];
        return { letters: first.map(({ reason, origin }) => ({ reason, id: origin })) };
      },
    });
    await step({
      name: 'rings',
      expects: 'inbound-dead-letters and booking-dead-letters ring.',
      localOnly: true,
      act: async () => {
        const [inbound, booking] = await Promise.all([rings(sandbox, 'inbound-dead-letters'), rings(sandbox, 'booking-dead-letters')]);
        return { inbound, booking };
      },
    });
    await step({
      name: 'told',
      expects: 'Each is counted by its reason, and the log names it without a word of its body.',
      localOnly: true,
      act: async () => {
        const counted: Seen = Object.fromEntries(queues.flatMap((queue) => Object.keys(bad[queue]).map((reason) => [`${queue} ${reason}`, total(sandbox, Metric.deadLetters, { queue, reason })])));
        expectThat(Object.values(counted).every((count) => count === 1), `counted: ${JSON.stringify(counted)}`);
        const lines = sandbox.logs('booking-sync').filter(({ line }) => line.includes('"message":"booking message set aside"'));
        expectThat(lines.length === Object.keys(bad.booking).length, `${lines.length} lines tell of it`);
        expectThat(!lines.some(({ line }) => line.includes(confided)), 'the log has what is private');
        return { counted, said: lines[0]?.line };
      },
    });
    await step({
      name: 'shown',
      expects: '`ops dlq list` and `ops dlq show` name them, and show no text of a body.',
      localOnly: true,
      act: async () => {
        const list = await ops(run, 'dlq list --json');
        for (const { messageId, reason } of first) expectThat(list.out.includes(messageId) && list.out.includes(reason), `the list lacks ${messageId} (${reason})`);
        const texts: string[] = [];
        // One by one: what one look has in hand another does not find.
        for (const { messageId } of await lettersOf(platform, 'booking')) texts.push((await ops(run, `dlq show booking ${messageId}`)).out);
        expectThat(!`${list.out}${texts.join('')}`.includes(confided), 'it shows what is private');
        expectThat(texts.some((text) => text.includes(someone.providerId)), 'it does not say whose booking it is');
        return { shown: texts.find((text) => text.includes(someone.providerId)) };
      },
    });
    await step({
      name: 'redriven',
      expects: '`ops dlq redrive` puts them back: what can be done by now is done, and poison comes to lie there again with the id it first had.',
      localOnly: true,
      act: async () => {
        lost = bookingOf(someone.providerId, hour(4));
        await platform.publish('updated', bookingOf(someone.providerId, hour(6), 3, live.id));
        await applied(platform, live.id, 3);
        await die(run, { someone, live, lost });
        const told = [await ops(run, 'dlq redrive inbound'), await ops(run, 'dlq redrive booking')].map(({ out }) => out.trim().split('\n').at(-1));
        await applied(platform, lost.id, 1);
        const again = (await Promise.all(queues.map((queue) => lie(platform, queue, bad[queue])))).flat();
        expectThat(first.every(({ origin }) => again.some((letter) => letter.origin === origin)), `their ids are others: ${JSON.stringify(again.map(({ origin }) => origin))}`);
        return { told };
      },
    });
    await step({
      name: 'redriven-twice',
      expects: 'The same letters, older versions among them, redriven twice more: no event, row or busy time is another.',
      localOnly: true,
      act: async () => {
        await settled(platform, someone.connection.connection_id);
        const before = await everything(run, someone, [live.id, lost.id]);
        for (let turn = 0; turn < 2; turn += 1) {
          await die(run, { someone, live, lost });
          for (const queue of queues) await ops(run, `dlq redrive ${queue}`);
          await quiet(place);
          await Promise.all(queues.map((queue) => lie(platform, queue, bad[queue])));
        }
        await settled(platform, someone.connection.connection_id);
        const after = await everything(run, someone, [live.id, lost.id]);
        expectThat(after === before, `before ${before}, after ${after}`);
        return { bookings: 2, events: (await someone.person.events()).length, 'redriven in all': 2 * (first.length + deaths) };
      },
    });
    await step({
      name: 'clears',
      expects: 'Once the poison is taken away both alarms clear.',
      localOnly: true,
      act: async () => {
        const taken = (await Promise.all(queues.map((queue) => platform.take(`${queue}-dead`)))).flat();
        expectThat(taken.length === first.length, `${taken.length} letters were left in place of ${first.length}`);
        const [inbound, booking] = await Promise.all([clears(sandbox, 'inbound-dead-letters'), clears(sandbox, 'booking-dead-letters')]);
        return { inbound, booking };
      },
    });
  },
};

const deaths = 4;
/** Good messages, set aside as a queue does what was delivered too often: a version that is old by now, the newest, one that nobody has done, and a hint. */
async function die({ platform }: Run, { someone, live, lost }: { someone: Professional; live: BookingInput; lost: BookingInput }): Promise<void> {
  await send(platform, 'booking-dead', eventOf('booking.created', live));
  await send(platform, 'booking-dead', eventOf('booking.updated', bookingOf(someone.providerId, hour(6), 3, live.id)));
  await send(platform, 'booking-dead', eventOf('booking.created', lost));
  await send(platform, 'inbound-dead', JSON.stringify({ v: 1, hint: 'pull', connection_id: someone.connection.connection_id }));
}

async function redrivePolicyOf({ sqs, queueUrl }: Place, name: QueueName): Promise<{ deadLetterTargetArn?: string; maxReceiveCount?: number | string }> {
  const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: await queueUrl(name), AttributeNames: ['RedrivePolicy'] }));
  return JSON.parse(Attributes['RedrivePolicy'] ?? '{}') as { deadLetterTargetArn?: string };
}

/** Nothing waits and nothing is in a worker's hand. */
const quiet = (place: Place): Promise<true> =>
  eventually('both queues are empty', async () => {
    const depths = await Promise.all(queues.map((queue) => depthOf(place, queue)));
    return depths.every(({ waiting, taken, delayed }) => waiting + taken + delayed === 0);
  });
