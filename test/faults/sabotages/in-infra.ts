// The template: what no line of the functions can make good.
import { inFile, type Sabotage } from './sabotage.ts';

export const inInfra: readonly Sabotage[] = [
  ...inFile('infra/alarm-terms.ts', ['infra/alarms-ring'], [
    { id: 'well-watches-hide-others', breaks: 'Watches of one calendar provider ring though the other’s are well.', find: "statistic: 'Maximum', period: 300, dimensions: { health: 'near_expiry' }", replace: "statistic: 'Minimum', period: 300, dimensions: { health: 'near_expiry' }" },
  ]),
  ...inFile('infra/queues.ts', ['infra/stack'], [
    { id: 'dead-letter-queue-missing', breaks: 'Every queue has a dead-letter queue.', find: '      deadLetterQueue: { queue: dead, maxReceiveCount: stage.queues.deliveries },\n', replace: '' },
    { id: 'visibility-too-short', breaks: 'A message is hidden for six tries of its function.', find: '=> 6 * timeoutSeconds;', replace: '=> timeoutSeconds;' },
    { id: 'queue-unencrypted-transport', breaks: 'Queues are reached over TLS alone.', find: ', enforceSSL: true,', replace: ',' },
  ]),
  ...inFile('infra/queue-worker.ts', ['infra/stack'], [
    { id: 'whole-batch-returned', breaks: 'Of a batch only the failed messages come back.', find: '      reportBatchItemFailures: true,\n', replace: '' },
  ]),
  ...inFile('infra/settings-parameters.ts', ['infra/stack'], [
    { id: 'flags-default-on', breaks: 'Everything starts switched off.', find: "this.plant(name, 'false')", replace: "this.plant(name, 'true')" },
    { id: 'lists-default-everyone', breaks: 'At first nobody is on a list.', find: "this.plant(name, 'none')", replace: "this.plant(name, '*')" },
    { id: 'parameter-text-thawed', breaks: 'The parameters’ text in the template is frozen, so that no deployment takes the operator’s flags back.', find: "type: 'String', value }", replace: "type: 'String', value, description: 'A flag.' }" },
  ]),
];
