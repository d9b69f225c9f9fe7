// Each function's environment as the synthesized template gives it, and what Lambda itself adds.
import { planFunctions, registerFunctions, type FunctionPlan } from '../../infra/local/function-plan.ts';
import { arn, physicalName, place, type LocalStack, type Resource } from '../../infra/local/template.ts';
import { synthesizedStack } from './template.ts';

/** Nothing listens here: a function that is only loaded must not call anybody. */
export const nowhere = 'http://127.0.0.1:9';

/** The functions, with names of tables, queues and parameters resolved; by file name. `aws` is where its services answer; `providers`, by the names of `Env`, where calendar providers do. */
export async function functionEnvironments({ aws = nowhere, providers = {} }: { aws?: string; providers?: Readonly<Record<string, string>> } = {}): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const stack = await synthesizedStack();
  name(stack, 'AWS::DynamoDB::GlobalTable', (resource) => ({ ref: physicalName(stack, resource, 'TableName'), attributes: { Arn: arn('dynamodb', resource.logicalId) } }));
  name(stack, 'AWS::SQS::Queue', ({ logicalId }) => ({ ref: `${aws}/${place.account}/${logicalId}`, attributes: { Arn: arn('sqs', logicalId), QueueName: logicalId } }));
  name(stack, 'AWS::SSM::Parameter', (resource) => ({ ref: String(resource.property('Name')), attributes: {} }));
  name(stack, 'AWS::ApiGatewayV2::Api', ({ logicalId }) => ({ ref: logicalId, attributes: { ApiEndpoint: nowhere, ApiId: logicalId } }));
  registerFunctions(stack);
  const code: LocalStack = { ...stack, assets: new Proxy({}, { get: () => '/var/task' }) };
  const plans: FunctionPlan[] = planFunctions(code, { endpoints: { dynamodb: aws, sqs: aws, ssm: aws }, providers, localize: (value) => value, folder: '' });
  return new Map(plans.map(({ environment }) => [environment['POWERTOOLS_SERVICE_NAME'] ?? '?', environment]));
}

function name(stack: LocalStack, type: string, local: (resource: Resource) => Parameters<LocalStack['register']>[1]): void {
  for (const resource of stack.of(type)) stack.register(resource.logicalId, local(resource));
}
