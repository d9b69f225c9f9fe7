// The synthesized template, read as what has to run here. Nothing else says which tables, queues, functions or routes there are.
import { holds, resolve } from './intrinsics.ts';
import type { LocalResource, Scope, TemplateResource } from './intrinsics.ts';
import type { SynthesizedStack } from './synthesis.ts';

/** Types that run here, each by the file that runs it. */
const running: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::GlobalTable': 'tables.ts',
  'AWS::DynamoDB::Table': 'tables.ts',
  'AWS::SQS::Queue': 'queues.ts',
  'AWS::SSM::Parameter': 'ssm.ts',
  'AWS::Lambda::Function': 'functions.ts',
  'AWS::Lambda::Alias': 'functions.ts',
  'AWS::Lambda::Version': 'functions.ts',
  'AWS::Lambda::EventSourceMapping': 'queue-poller.ts',
  'AWS::ApiGatewayV2::Api': 'api-gateway.ts',
  'AWS::ApiGatewayV2::Stage': 'api-gateway.ts',
  'AWS::ApiGatewayV2::Route': 'api-gateway.ts',
  'AWS::ApiGatewayV2::Integration': 'api-gateway.ts',
  'AWS::Events::Rule': 'timer.ts',
  'AWS::Scheduler::Schedule': 'timer.ts',
  'AWS::CloudWatch::Alarm': 'cloudwatch/alarms.ts',
  'AWS::CloudWatch::CompositeAlarm': 'cloudwatch/alarms.ts',
};

/** Types that do nothing on this machine: permissions, logs, what watches and what deploys. */
const idle: ReadonlySet<string> = new Set([
  'AWS::IAM::Role',
  'AWS::IAM::Policy',
  'AWS::IAM::ManagedPolicy',
  'AWS::Lambda::Permission',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::SQS::QueuePolicy',
  'AWS::KMS::Key',
  'AWS::KMS::Alias',
  'AWS::Logs::LogGroup',
  'AWS::Logs::ResourcePolicy',
  'AWS::Logs::MetricFilter',
  'AWS::Logs::QueryDefinition',
  'AWS::CloudWatch::Dashboard',
  'AWS::CloudWatch::AnomalyDetector',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
  'AWS::SNS::Subscription',
  'AWS::CodeDeploy::Application',
  'AWS::CodeDeploy::DeploymentGroup',
  'AWS::Scheduler::ScheduleGroup',
  'AWS::CDK::Metadata',
]);

export const place = { account: '123456789012', region: 'us-east-1', partition: 'aws', suffix: 'amazonaws.com' } as const;

export const arn = (service: string, resource: string): string => `arn:${place.partition}:${service}:${place.region}:${place.account}:${resource}`;

export interface Resource {
  readonly logicalId: string;
  /** Whether its properties name that other resource. */
  readonly names: (other: Resource) => boolean;
  /** One of its properties with every intrinsic resolved; what that one refers to has to be registered by then. */
  readonly property: (name: string) => unknown;
}

export interface LocalStack {
  readonly name: string;
  readonly assets: SynthesizedStack['assets'];
  /** Resources of these types, in the template's order. */
  readonly of: (...types: readonly string[]) => Resource[];
  /** Says what a resource is on this machine, for Ref and Fn::GetAtt of others. */
  readonly register: (logicalId: string, local: LocalResource) => void;
}

/** Refuses a template that holds a type which this machine neither runs nor knowingly ignores. */
export function localStack(stack: SynthesizedStack): LocalStack {
  const locals = new Map<string, LocalResource>();
  const scope: Scope = {
    template: stack.template,
    pseudo: {
      'AWS::AccountId': place.account,
      'AWS::Region': place.region,
      'AWS::Partition': place.partition,
      'AWS::URLSuffix': place.suffix,
      'AWS::StackName': stack.name,
      'AWS::StackId': arn('cloudformation', `stack/${stack.name}/local`),
    },
    local: (logicalId) => locals.get(logicalId) ?? idleResource(logicalId, scope),
  };
  const resources = Object.entries(stack.template.Resources).filter(([, { Condition }]) => holds(Condition, scope));
  for (const [logicalId, resource] of resources) refuseUnknown(logicalId, resource);
  return {
    name: stack.name,
    assets: stack.assets,
    of: (...types) =>
      resources
        .filter(([, { Type }]) => types.includes(Type))
        .map(([logicalId, { Properties = {} }]) => ({
          logicalId,
          names: (other) => JSON.stringify(Properties).includes(`"${other.logicalId}"`),
          property: (name) => resolve(Properties[name], scope),
        })),
    register: (logicalId, local) => void locals.set(logicalId, local),
  };
}

function refuseUnknown(logicalId: string, { Type }: TemplateResource): void {
  if (Type in running || idle.has(Type)) return;
  throw new Error(
    `The local run does not know ${Type} (${logicalId}). If it does nothing on one machine, add it to \`idle\` in infra/local/template.ts; otherwise write what runs it and add it to \`running\` there.`,
  );
}

/** What others may say of a resource that does nothing here: its name and its ARN. */
function idleResource(logicalId: string, scope: Scope): LocalResource {
  const resource = scope.template.Resources[logicalId];
  if (resource === undefined) throw new Error(`The template refers to ${logicalId}, which it does not have.`);
  if (!idle.has(resource.Type)) throw new Error(`${logicalId} (${resource.Type}) is referred to before it runs; infra/local/sandbox.ts has the order.`);
  const name = Object.entries(resource.Properties ?? {}).find(([key, value]) => /Name$/.test(key) && typeof value === 'string')?.[1];
  const ref = typeof name === 'string' ? name : `${scope.pseudo['AWS::StackName']}-${logicalId}`;
  return { ref, attributes: { Arn: arn(resource.Type.split('::')[1]?.toLowerCase() ?? '', ref) } };
}

/** A property as text; the name of the resource and the property are in the error. */
export function text(resource: Resource, name: string): string | undefined {
  const value = resource.property(name);
  if (value === undefined) return undefined;
  if (typeof value === 'object') throw new Error(`${resource.logicalId}.${name} should be text, not ${JSON.stringify(value)}.`);
  return String(value);
}

/** A property as a number, or `otherwise`. */
export function number(resource: Resource, name: string, otherwise: number): number {
  const value = resource.property(name);
  const read = value === undefined ? otherwise : Number(value);
  if (Number.isNaN(read)) throw new Error(`${resource.logicalId}.${name} should be a number, not ${JSON.stringify(value)}.`);
  return read;
}

/** A property that is an object; empty where there is none. */
export function block(resource: Resource, name: string): Record<string, unknown> {
  const value = resource.property(name);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** The physical name: the template's own, or one made of stack and logical id. */
export const physicalName = (stack: LocalStack, resource: Resource, property: string): string => text(resource, property) ?? `${stack.name}-${resource.logicalId}`;
