// What bounds a deployment: the account's and the providers' quotas, and the numbers of the stage that deploys.
import { stageNamed } from '../../infra/stages.ts';
import { shards } from '../../lib/platform/shard.ts';
import { googleQuota } from '../../lib/platform/quota.ts';

/** Each is a knob: `--set name=value`. Rates are per second unless said. */
export interface Limits {
  /** HTTP API, account and region (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html). Beyond it 429, which Google never repeats. */
  readonly apiRequests: number;
  /** Webhook functions at once, both providers' together. Beyond it 503, and the sender repeats. */
  readonly webhookConcurrency: number;
  /** Batches of the inbound queue at once. */
  readonly workerConcurrency: number;
  /** Hints in a batch; its connections are pulled at the same time. */
  readonly batchSize: number;
  /** Lambda environments at once, whatever the function (default quota of an account). */
  readonly lambdaConcurrency: number;
  /** The cost guard on sync-state. */
  readonly tableWrites: number;
  /** Partitions of the dirty index and of the due index, each takes 1,000 write units (DynamoDB). */
  readonly indexShards: number;
  /** Cloud projects at Google whose clients share the connections. */
  readonly googleProjects: number;
  /** Calls a minute and project. */
  readonly googlePerMinute: number;
  /** Calls a day and project above which Google bills. */
  readonly googlePerDay: number;
  /** GetParameters of the account. */
  readonly ssmCalls: number;
  /** Connections that one tick of upkeep can ring for. */
  readonly upkeepPerTick: number;
}

const production = stageNamed('production');

export const shipped: Limits = {
  apiRequests: production.routes.rate,
  webhookConcurrency: (production.functions['google-webhook'].reservedConcurrency ?? 0) + (production.functions['microsoft-webhook'].reservedConcurrency ?? 0),
  workerConcurrency: production.workers['inbound-sync'].maxConcurrency,
  batchSize: production.workers['inbound-sync'].batchSize,
  lambdaConcurrency: 1000,
  tableWrites: production.tableMaxWriteUnits['sync-state'],
  indexShards: shards,
  googleProjects: 1,
  googlePerMinute: googleQuota.projectPerMinute,
  googlePerDay: 1_000_000,
  ssmCalls: 40,
  upkeepPerTick: 12_500,
};

/** Where a limit is moved, by whom. */
export const knobs: Readonly<Record<keyof Limits, string>> = {
  apiRequests: 'AWS quota of API Gateway (requests per second), then `routes.rate` in infra/stages.ts',
  webhookConcurrency: '`functions.*-webhook.reservedConcurrency` in infra/stages.ts',
  workerConcurrency: '`workers.inbound-sync.maxConcurrency` in infra/stages.ts, at most 1,000',
  batchSize: '`workers.inbound-sync.batchSize` in infra/stages.ts',
  lambdaConcurrency: 'AWS quota of Lambda (concurrent executions)',
  tableWrites: '`tableMaxWriteUnits.sync-state` in infra/stages.ts',
  indexShards: '`shards` in lib/platform/shard.ts, with a migration of the rows',
  googleProjects: 'a deployment of its own for each project: an account of stages per Google client',
  googlePerMinute: 'Google’s quota page, or one more project',
  googlePerDay: 'Google bills what is above; or one more project',
  ssmCalls: 'AWS setting of Parameter Store: higher throughput, 10,000 a second',
  upkeepPerTick: '`pageSize` and `shards` of the walk: several ticks share a peak meanwhile',
};

/** How high each limit was loaded, as a share of it, at the worst moment; and how often it refused or held up. */
export interface Load {
  readonly limit: keyof Limits;
  /** Used ÷ limit in the worst second, window or day; above 1 it held something up. */
  readonly peak: number;
  readonly heldUp: number;
}
