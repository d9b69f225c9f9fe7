// Dead letters of both queues, and an operator who redrives them, dies over it, begins again, and does it all once more.
import { minutes } from '../../lib/platform/clock.ts';
import { deadQueue } from '../../lib/operate/dead-queue.ts';
import { redrive } from '../../lib/operate/redrive.ts';
import { add, hourSlot, publish } from './acts.ts';
import { sqsDoor } from './doors.ts';
import type { FaultWorld, Person } from './fault-world.ts';
import { quiet, type QuietOptions } from './quiet.ts';
import type { Scenario } from './scenarios.ts';

const both = ['inbound', 'booking'] as const;
export const poison = ['{"half":', JSON.stringify({ v: 1, hint: 'booking' }), '[]'] as const;

/** Bodies with their reasons, whatever became of their ids. */
export const deadLettersOf = (world: FaultWorld, queue: (typeof both)[number]): string[] =>
  world.queues.messages.filter((message) => message.queue === `${queue}-dead`).map(({ body, attributes }) => `${attributes['reason']?.StringValue ?? 'delivered_too_often'}: ${body}`);

/** As the queue itself sets aside what was delivered too often: nothing is added. */
function dies(world: FaultWorld): void {
  for (const message of world.queues.messages.splice(0)) world.queues.push(`${message.queue}-dead`, message.body);
}

async function redriveOnce(world: FaultWorld, queue: (typeof both)[number]): Promise<void> {
  const sqs = sqsDoor(world.outside, world.queues);
  for (let tried = 0; tried < 5; tried += 1) {
    const { process, error } = await world.invoke('operator', () => redrive(deadQueue(sqs, { dead: `${queue}-dead`, destination: queue }), { limit: 1000 }));
    if (!process.dead && error === undefined) return;
    // What a dead one held in hand is there again.
    world.now += minutes(6);
  }
  throw new Error(`${queue} could not be redriven.`);
}

/** With JOBS on the world never rests, and needs to be told until when it goes on. */
export async function redriveAll(world: FaultWorld, options: QuietOptions = {}): Promise<void> {
  for (const queue of both) await redriveOnce(world, queue);
  await quiet(world, options);
}

/** A booking in two versions, an old one of another, a lost notice's hint, and poison. */
export async function lettersBefore(world: FaultWorld, ada: Person): Promise<void> {
  publish(world, { id: 'b1', version: 1, providerId: ada.providerId, span: hourSlot(world, 20) });
  await quiet(world);
  publish(world, { id: 'b1', version: 2, providerId: ada.providerId, span: hourSlot(world, 21) });
  publish(world, { id: 'b2', version: 1, providerId: ada.providerId, span: hourSlot(world, 22) });
  publish(world, { id: 'b2', version: 2, providerId: ada.providerId, span: hourSlot(world, 23) });
  world.queues.push('inbound', JSON.stringify({ v: 1, hint: 'pull', connection_id: ada.id }));
  dies(world);
  publish(world, { id: 'b1', version: 3, providerId: ada.providerId, span: hourSlot(world, 24) });
  for (const body of poison) for (const queue of both) world.queues.push(queue, body);
  await quiet(world);
}

export const redriveStory: Scenario = {
  name: 'dead letters of both queues are redriven',
  begin: async (world, ada) => {
    await lettersBefore(world, ada);
    return async () => {
      add(world, { person: ada }, hourSlot(world, 8));
      await redriveAll(world);
      // Letters whose receipt never came are in nobody's hand until their time is over.
      world.now += minutes(6);
      await redriveAll(world);
    };
  },
};
