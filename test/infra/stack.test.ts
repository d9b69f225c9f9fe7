import { describe, expect, it } from '@jest/globals';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Validations } from 'aws-cdk-lib/core';
import { reasons } from '../../infra/reasons.ts';
import { stageNamed, stageNames } from '../../infra/stages.ts';
import { alarmRules } from './alarm-rules.ts';
import { apiRules } from './api-rules.ts';
import { deploymentRules } from './deployment-rules.ts';
import { functionRules } from './function-rules.ts';
import { parameterRules } from './parameter-rules.ts';
import { permissionRules } from './permission-rules.ts';
import { queueRules } from './queue-rules.ts';
import { synthesize } from './synthesized.ts';
import { tableRules } from './table-rules.ts';

describe.each(stageNames)('the stack of %s', (name) => {
  const acknowledged = new Set<string>();
  const stack = synthesize(stageNamed(name), (built) => {
    const metadata = built.node.findAll().flatMap(({ node }) => node.metadata);
    for (const { type, data } of metadata) if (type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY) for (const id of Object.keys(data as object)) acknowledged.add(id.replace(/^annotation::/i, ''));
  });

  queueRules(stack);
  functionRules(stack);
  deploymentRules(stack);
  permissionRules(stack);
  tableRules(stack);
  parameterRules(stack);
  apiRules(stack);
  alarmRules(stack);

  it('answers a finding of nag with a written reason, and has no reason that answers nothing', () => {
    expect([...acknowledged].sort()).toEqual(Object.keys(reasons).sort());
  });

  it('says where its API and its queues are', () => {
    expect([...stack.outputs].sort()).toEqual(['ApiUrl', 'BookingDeadQueueUrl', 'BookingQueueUrl', 'CalendarChangesDeadQueueUrl', 'CalendarChangesQueueUrl', 'InboundDeadQueueUrl', 'InboundQueueUrl']);
  });
});

describe('stages', () => {
  it('are refused by name where there is no such stage', () => {
    expect(() => stageNamed('prod')).toThrow('There is no stage "prod". Say one of: -c stage=staging, -c stage=production.');
  });
});

describe('the synthesis', () => {
  it('fails where nag finds what no reason answers', () => {
    expect(() => synthesize(stageNamed('staging'), (stack) => void new Queue(stack, 'careless'))).toThrow(/AwsSolutions-SQS4/);
  });
});
