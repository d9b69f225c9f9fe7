// The template's functions, read as what a process needs: code, handler, memory, time, environment.
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { arn, block, number, physicalName, place, text } from './template.ts';
import type { LocalStack, Resource } from './template.ts';

export interface FunctionPlan {
  readonly name: string;
  readonly arn: string;
  readonly handler: string;
  /** Where its bundle lies. */
  readonly folder: string;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  readonly reservedConcurrency?: number;
  readonly logGroup: string;
  /** Exactly what its process finds in its environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Where functions find the engines and the calendar providers on this machine. */
export interface Surroundings {
  readonly endpoints: { readonly dynamodb: string; readonly sqs: string; readonly ssm: string; readonly cloudwatch?: string };
  /** By the names of `Env`; replaces the template's value where a function has that variable. */
  readonly providers: Readonly<Record<string, string>>;
  /** Rewrites text that names the deployed HTTP API to where it answers here. */
  readonly localize: (value: string) => string;
  /** Where code given inside the template is written to. */
  readonly folder: string;
}

/** Registers functions, versions and aliases: after this their names and ARNs can be referred to. */
export function registerFunctions(stack: LocalStack): void {
  for (const resource of stack.of('AWS::Lambda::Function')) {
    const name = physicalName(stack, resource, 'FunctionName');
    stack.register(resource.logicalId, { ref: name, attributes: { Arn: arn('lambda', `function:${name}`) } });
  }
  for (const resource of stack.of('AWS::Lambda::Version', 'AWS::Lambda::Alias')) {
    const alias = text(resource, 'Name');
    const version = alias ?? '1';
    const qualified = arn('lambda', `function:${functionNameOf(text(resource, 'FunctionName') ?? '')}:${version}`);
    stack.register(resource.logicalId, { ref: qualified, attributes: { Version: version, AliasArn: qualified, FunctionArn: qualified } });
  }
}

/** The function that a name, an ARN with or without version or alias, or an API integration's URI means. */
export function functionNameOf(nameOrArn: string): string {
  return /(?:function:|^)([\w-]+)(?::[\w$-]+)?(?:\/|$)/.exec(nameOrArn)?.[1] ?? nameOrArn;
}

export function planFunctions(stack: LocalStack, surroundings: Surroundings): FunctionPlan[] {
  return stack.of('AWS::Lambda::Function').map((resource) => {
    const name = physicalName(stack, resource, 'FunctionName');
    const { LogGroup: logGroup, LogFormat: logFormat, ApplicationLogLevel: logLevel } = block(resource, 'LoggingConfig');
    const plan = {
      name,
      arn: arn('lambda', `function:${name}`),
      handler: text(resource, 'Handler') ?? 'index.handler',
      folder: codeFolder(stack, resource, surroundings.folder),
      memoryMb: number(resource, 'MemorySize', 128),
      timeoutMs: number(resource, 'Timeout', 3) * 1000,
      logGroup: typeof logGroup === 'string' ? logGroup : `/aws/lambda/${name}`,
    };
    refuseOtherRuntime(resource);
    const reserved = text(resource, 'ReservedConcurrentExecutions');
    return { ...plan, ...(reserved === undefined ? {} : { reservedConcurrency: Number(reserved) }), environment: { ...ownEnvironment(resource, surroundings), ...lambdaEnvironment(plan, surroundings), ...loggingEnvironment(logFormat, logLevel) } };
  });
}

function ownEnvironment(resource: Resource, { providers, localize }: Surroundings): Record<string, string> {
  const variables = (block(resource, 'Environment')['Variables'] ?? {}) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, providers[name] ?? localize(String(value))]));
}

/** What Lambda itself sets: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, with made-up credentials and the engines' addresses. */
function lambdaEnvironment(plan: Omit<FunctionPlan, 'environment'>, { endpoints }: Surroundings): Record<string, string> {
  return {
    _HANDLER: plan.handler,
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    AWS_REGION: place.region,
    AWS_DEFAULT_REGION: place.region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${nodeMajor()}.x`,
    AWS_LAMBDA_FUNCTION_NAME: plan.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(plan.memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: plan.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    LAMBDA_TASK_ROOT: plan.folder,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
    AWS_ENDPOINT_URL_SSM: endpoints.ssm,
    ...(endpoints.cloudwatch !== undefined && { AWS_ENDPOINT_URL_CLOUDWATCH: endpoints.cloudwatch }),
  };
}

/** The logger of the functions reads these. */
const loggingEnvironment = (format: unknown, level: unknown): Record<string, string> => ({
  AWS_LAMBDA_LOG_FORMAT: typeof format === 'string' ? format : 'Text',
  ...(typeof level === 'string' ? { AWS_LAMBDA_LOG_LEVEL: level } : {}),
});

function codeFolder(stack: LocalStack, resource: Resource, folder: string): string {
  const { S3Key, ZipFile } = block(resource, 'Code');
  if (typeof ZipFile === 'string') {
    const inline = join(folder, 'inline', resource.logicalId);
    mkdirSync(inline, { recursive: true });
    writeFileSync(join(inline, 'package.json'), '{ "type": "commonjs" }\n');
    writeFileSync(join(inline, 'index.js'), ZipFile);
    return inline;
  }
  const asset = stack.assets[basename(String(S3Key)).replace(/\.zip$/, '')];
  if (asset === undefined) throw new Error(`${resource.logicalId}: its code ${JSON.stringify(S3Key)} is no asset of the synthesized app.`);
  return asset;
}

const nodeMajor = (): string => process.versions.node.split('.')[0] ?? '';

function refuseOtherRuntime(resource: Resource): void {
  const runtime = text(resource, 'Runtime') ?? '';
  if (runtime !== `nodejs${nodeMajor()}.x`) throw new Error(`${resource.logicalId} deploys on ${runtime}, but this is Node ${process.versions.node}: start it through npm, which pins the same major.`);
}
