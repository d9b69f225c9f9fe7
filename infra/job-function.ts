import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ApplicationLogLevel, Architecture, LoggingFormat, Runtime, SystemLogLevel, type Alias, type IFunction } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { fileURLToPath } from 'node:url';
import { Env, functionSettings, providerUrls, secretNames, type EnvName, type FunctionName, type QueueName, type SettingName, type TableName } from '../lib/platform/names.ts';
import { bundleMainFields, bundleTarget, leftOut } from './bundling.ts';
import { acknowledge } from './nag.ts';
import { physicalName } from './physical-name.ts';
import type { Queues } from './queues.ts';
import type { SettingsParameters } from './settings-parameters.ts';
import type { Stage } from './stages.ts';
import type { StateTables } from './state-tables.ts';

/** What jobs are made of and may ask for. */
export interface Surroundings {
  readonly stage: Stage;
  readonly tables: StateTables;
  readonly queues: Queues;
  readonly settings: SettingsParameters;
  /** Where the HTTP API answers. */
  readonly apiUrl: string;
}

type TableAction = 'dynamodb:GetItem' | 'dynamodb:BatchGetItem' | 'dynamodb:Query' | 'dynamodb:PutItem' | 'dynamodb:UpdateItem' | 'dynamodb:DeleteItem';

const tableVariable: Readonly<Record<TableName, EnvName>> = {
  connections: Env.connectionsTable,
  'sync-state': Env.syncStateTable,
  'busy-intervals': Env.busyIntervalsTable,
  'booking-events': Env.bookingEventsTable,
};
const queueVariable: Readonly<Record<QueueName, EnvName>> = {
  inbound: Env.inboundQueueUrl,
  booking: Env.bookingQueueUrl,
  'calendar-changes': Env.calendarChangesQueueUrl,
};
const deadQueueVariable = { inbound: Env.inboundDeadQueueUrl, booking: Env.bookingDeadQueueUrl } as const;

const projectFile = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** One job: the function bundled from `functions/<name>.ts`, its own role, its own log. Every `use…` grants and sets the environment at once. */
export class JobFunction extends Construct {
  readonly fn: NodejsFunction;
  /** Names the version in service. A deployment moves it over little by little, and back. */
  readonly alias: Alias;
  private readonly role: Role;
  private readonly name: FunctionName;
  private readonly surroundings: Surroundings;

  constructor(scope: Construct, name: FunctionName, surroundings: Surroundings) {
    super(scope, name);
    this.name = name;
    this.surroundings = surroundings;
    const { stage } = surroundings;
    const numbers = stage.functions[name];
    const functionName = physicalName(stage, name);
    const logGroup = new LogGroup(this, 'log', { logGroupName: `/aws/lambda/${functionName}`, retention: stage.logRetention, removalPolicy: RemovalPolicy.DESTROY });
    this.role = new Role(this, 'role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(this.role);
    this.fn = new NodejsFunction(this, 'function', {
      functionName,
      role: this.role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      systemLogLevelV2: numbers.platformLines === 'of-failures' ? SystemLogLevel.WARN : SystemLogLevel.INFO,
      ...bundleOf(name),
      architecture: Architecture.ARM_64,
      memorySize: numbers.memoryMb,
      timeout: Duration.seconds(numbers.timeoutSeconds),
      ...(numbers.reservedConcurrency !== undefined && { reservedConcurrentExecutions: numbers.reservedConcurrency }),
      environment: {
        [Env.stage]: stage.name,
        [Env.serviceName]: name,
        // Left to itself, V8 lets short-lived objects fill 100 MB before it clears them: listing 10,000 events took 272 MB, so it takes 150.
        NODE_OPTIONS: '--max-semi-space-size=8',
      },
      // Kept: a deployment that is rolled back after CloudFormation is done goes back to one of them.
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
    });
    this.alias = this.fn.addAlias('live');
    acknowledge(this.fn, 'Serverless-LambdaDLQ', 'Serverless-LambdaTracing');
  }

  /** What everything calls. (CDK's own classes do not hold under exactOptionalPropertyTypes.) */
  get live(): IFunction {
    return this.alias as IFunction;
  }

  useTable(name: TableName, ...actions: readonly TableAction[]): this {
    const table = this.surroundings.tables.named(name);
    this.allow(actions, [table.tableArn]);
    return this.set(tableVariable[name], table.tableName);
  }

  /** Queries of these indexes of a table; the table itself is another grant. */
  useIndexes(name: TableName, ...indexes: readonly string[]): this {
    const table = this.surroundings.tables.named(name);
    this.allow(['dynamodb:Query'], indexes.map((index) => `${table.tableArn}/index/${index}`));
    return this.set(tableVariable[name], table.tableName);
  }

  sendTo(...names: readonly QueueName[]): this {
    for (const name of names) {
      const { live } = this.surroundings.queues.named(name);
      this.allow(['sqs:SendMessage'], [live.queueArn]);
      this.set(queueVariable[name], live.queueUrl);
    }
    return this;
  }

  /** Lets it put aside a message of its own queue that can never be valid. */
  putAside(name: keyof typeof deadQueueVariable): this {
    const { dead } = this.surroundings.queues.named(name);
    this.allow(['sqs:SendMessage'], [dead.queueArn]);
    return this.set(deadQueueVariable[name], dead.queueUrl);
  }

  /** The settings that names.ts lists for it, and no other: it cannot even read what it does not ask for. */
  useSettings(): this {
    const { settings } = this.surroundings;
    const names: readonly SettingName[] = functionSettings[this.name];
    const secrets = names.filter((name) => secretNames.some((secret) => secret === name));
    this.allow(['ssm:GetParameters'], names.map((name) => settings.arn(name)));
    if (secrets.length > 0) this.allowDecrypting(secrets.map((name) => settings.arn(name)));
    return this.set(Env.settingsPath, settings.path);
  }

  /** CloudWatch's figures, of whatever namespace: reading them can be granted no narrower. */
  readMetrics(): this {
    this.allow(['cloudwatch:GetMetricData'], ['*']);
    acknowledge(this.role, 'AwsSolutions-IAM5[Resource::*]');
    return this;
  }

  /** The API's own address, which notices and consents come back to. */
  knowApi(): this {
    return this.set(Env.apiUrl, this.surroundings.apiUrl);
  }

  /** Makes watches, whose notices come to the API, or to the domain before it. */
  watchCalendars(): this {
    const { stage, apiUrl } = this.surroundings;
    return this.set(Env.webhookBaseUrl, stage.webhookBaseUrl ?? apiUrl);
  }

  /** Where the calendar providers answer. */
  callCalendars(): this {
    for (const name of [Env.googleApiUrl, Env.googleOauthUrl, Env.microsoftGraphUrl, Env.microsoftLoginUrl] as const) this.set(name, providerUrls[name]);
    return this;
  }

  /** Where people consent, as far as that is another host. */
  askPeople(): this {
    return this.set(Env.googleConsentUrl, providerUrls[Env.googleConsentUrl]);
  }

  /** How far around now calendars are read. */
  useWindow(): this {
    const { backDays, aheadDays } = this.surroundings.stage.window;
    return this.set(Env.windowBackDays, String(backDays)).set(Env.windowAheadDays, String(aheadDays));
  }

  private set(name: EnvName, value: string): this {
    this.fn.addEnvironment(name, value);
    return this;
  }

  private allow(actions: readonly string[], resources: readonly string[]): void {
    this.role.addToPolicy(new PolicyStatement({ effect: Effect.ALLOW, actions: [...actions], resources: [...resources] }));
  }

  /** SSM decrypts on the caller's behalf and names the parameter in the encryption context, so that the grant can be as narrow. */
  private allowDecrypting(parameterArns: readonly string[]): void {
    const stack = Stack.of(this);
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ['kms:Decrypt'],
        resources: [stack.formatArn({ service: 'kms', resource: 'key', resourceName: '*' })],
        conditions: {
          StringEquals: { 'kms:ViaService': `ssm.${stack.region}.amazonaws.com`, 'kms:EncryptionContext:PARAMETER_ARN': [...parameterArns] },
        },
      }),
    );
    acknowledge(this.role, 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:kms:<AWS::Region>:<AWS::AccountId>:key/*]');
  }
}

/** CommonJS and everything inside, the SDK included: measured a third faster to start, and half the size, than modules with the runtime's SDK. */
const bundleOf = (name: FunctionName) => ({
  runtime: Runtime.NODEJS_24_X,
  entry: projectFile(`functions/${name}.ts`),
  handler: 'handler',
  projectRoot: projectFile('.'),
  depsLockFilePath: projectFile('package-lock.json'),
  // Only version 2 of the SDK reads the variable that this would set.
  awsSdkConnectionReuse: false,
  bundling: { format: OutputFormat.CJS, target: bundleTarget, mainFields: bundleMainFields, minify: true, bundleAwsSDK: true, forceDockerBundling: false, esbuildArgs: Object.fromEntries(Object.entries(leftOut).map(([name, file]) => [`--alias:${name}`, file])) },
});
