import { describe, expect, it } from '@jest/globals';
import { functionBehind, list, object, plain, statementsOf, synthesize, theOne, type Resource, type Synthesized } from './synthesized.ts';

const nameOf = (queue: Resource): string => plain(queue.Properties['QueueName']);
const isDead = (queue: Resource): boolean => nameOf(queue).endsWith('-dead');
const days = (count: number): number => count * 86_400;

export function queueRules(stack: Synthesized): void {
  const queues = stack.of('AWS::SQS::Queue');
  const mappings = stack.of('AWS::Lambda::EventSourceMapping');
  const prefix = `calendar-sync-${stack.stage.name}-`;

  describe('queues', () => {
    it('are three, each with its own dead-letter queue', () => {
      const deadOf = (queue: Resource): string => {
        const arn = plain(object(queue.Properties['RedrivePolicy'])['deadLetterTargetArn']);
        return nameOf(stack.named(arn.replace(/^\$\{|\.Arn\}$/g, '')));
      };
      expect(Object.fromEntries(queues.filter((queue) => !isDead(queue)).map((queue) => [nameOf(queue), deadOf(queue)]))).toEqual({
        [`${prefix}inbound`]: `${prefix}inbound-dead`,
        [`${prefix}booking`]: `${prefix}booking-dead`,
        [`${prefix}calendar-changes`]: `${prefix}calendar-changes-dead`,
      });
      expect(queues).toHaveLength(6);
    });

    it('put a message aside after five deliveries and keep it four days, fourteen once it is dead', () => {
      for (const queue of queues) {
        expect([nameOf(queue), queue.Properties['MessageRetentionPeriod']]).toEqual([nameOf(queue), isDead(queue) ? days(14) : days(4)]);
        expect(queue.Properties['RedrivePolicy'] === undefined).toBe(isDead(queue));
        if (!isDead(queue)) expect(object(queue.Properties['RedrivePolicy'])['maxReceiveCount']).toBe(5);
      }
    });

    it('are encrypted, refuse plain http, outlive the stack', () => {
      const refusing = stack.of('AWS::SQS::QueuePolicy').filter(({ Properties }) => statementsOf(Properties['PolicyDocument']).some(deniesPlainHttp));
      const guarded = refusing.flatMap(({ Properties }) => list(Properties['Queues']).map(plain));
      for (const queue of queues) {
        expect([nameOf(queue), queue.Properties['SqsManagedSseEnabled'], queue.DeletionPolicy, queue.UpdateReplacePolicy]).toEqual([nameOf(queue), true, 'Retain', 'Retain']);
        expect(guarded).toContain(`\${${queue.id}}`);
      }
    });

    it('hide a message for six times the time-out of the function that works them off', () => {
      for (const mapping of mappings) {
        const queue = stack.named(plain(mapping.Properties['EventSourceArn']).replace(/^\$\{|\.Arn\}$/g, ''));
        const fn = functionBehind(stack, mapping.Properties['FunctionName']);
        expect(queue.Properties['VisibilityTimeout']).toBe(6 * Number(fn.Properties['Timeout']));
      }
      expect(mappings).toHaveLength(2);
    });

    it('are worked off in small batches at once, of which only what failed comes back, by two or more at a time', () => {
      for (const { Properties } of mappings) {
        expect(Properties).toMatchObject({ BatchSize: 10, MaximumBatchingWindowInSeconds: 0, FunctionResponseTypes: ['ReportBatchItemFailures'] });
        expect(object(Properties['ScalingConfig'])['MaximumConcurrency']).toBeGreaterThanOrEqual(2);
      }
    });
  });

  describe('the booking service of another account', () => {
    it('may send bookings and take calendar changes, and nothing else', () => {
      expect(admitted(synthesize({ ...stack.stage, bookingServiceAccount: '210987654321' }))).toEqual({
        [`${prefix}booking`]: ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:SendMessage'],
        [`${prefix}calendar-changes`]: ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:ReceiveMessage'],
      });
    });

    it('is admitted nowhere unless the stage names it', () => {
      expect(admitted(stack)).toEqual({});
    });
  });
}

const deniesPlainHttp = ({ Effect, actions, conditions }: ReturnType<typeof statementsOf>[number]): boolean =>
  Effect === 'Deny' && actions.includes('sqs:*') && conditions['Bool']?.['aws:SecureTransport']?.join() === 'false';

/** What the queues' own policies allow to anyone, by queue. */
function admitted(stack: Synthesized): Record<string, readonly string[]> {
  return Object.fromEntries(
    stack.of('AWS::SQS::QueuePolicy').flatMap(({ Properties }) => {
      const queue = stack.named(plain(theOne(list(Properties['Queues']), 'queues of a policy')).replace(/^\$\{|\}$/g, ''));
      const allowing = statementsOf(Properties['PolicyDocument']).filter(({ Effect }) => Effect === 'Allow');
      return allowing.map(({ actions }) => [nameOf(queue), [...actions].sort()] as const);
    }),
  );
}
