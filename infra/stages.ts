// Every number that may differ between stages, and those that do not but belong beside them.
import { RemovalPolicy } from 'aws-cdk-lib/core';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { FunctionName, TableName } from '../lib/platform/names.ts';

export interface FunctionNumbers {
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** Environments set aside for this function, which also bound it. Absent: it draws on what the account has left. */
  readonly reservedConcurrency?: number;
  /** Of the platform's own lines only those about invocations that failed: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html. Absent: start and report of each. */
  readonly platformLines?: 'of-failures';
}

export interface WorkerNumbers {
  /** Messages handed over at once; the one batch must fit the function's time-out. */
  readonly batchSize: number;
  /** Seconds to wait for a fuller batch. */
  readonly windowSeconds: number;
  /** Batches in hand at once; 2 is the least that Lambda takes. */
  readonly maxConcurrency: number;
}

export interface Stage {
  readonly name: StageName;
  readonly functions: Readonly<Record<FunctionName, FunctionNumbers>>;
  readonly workers: Readonly<Record<'inbound-sync' | 'booking-sync', WorkerNumbers>>;
  readonly queues: {
    /** Deliveries before a message is put aside. */
    readonly deliveries: number;
    readonly retentionDays: number;
    /** The longest that SQS has: time to notice, understand and redrive. */
    readonly deadRetentionDays: number;
    /** How long the booking service, which consumes `calendar-changes`, has for one message. */
    readonly changesVisibilitySeconds: number;
  };
  /** Write request units a second, above which DynamoDB throttles: what a runaway loop can cost at most. */
  readonly tableMaxWriteUnits: Readonly<Record<TableName, number>>;
  /** What happens to tables and queues when the stack, or the resource, goes. */
  readonly dataRemoval: RemovalPolicy;
  readonly logRetention: RetentionDays;
  readonly routes: {
    /** Requests a second, and at once. The account's own limit: Google never repeats a notice that the gateway answered 429. */
    readonly rate: number;
    readonly burst: number;
  };
  readonly upkeepPeriodMinutes: number;
  /** Who is told when an alarm rings or clears, besides those who subscribe to the topic by hand. */
  readonly alarmEmails?: readonly string[];
  /** The promised window around now, in days. */
  readonly window: { readonly backDays: number; readonly aheadDays: number };
  /** A domain of ours before the HTTP API, https and without closing slash, where calendar providers are to send notices. Absent: the API itself. */
  readonly webhookBaseUrl?: string;
  /** The account that may send bookings and take calendar changes, where the booking service lives in another one than this. */
  readonly bookingServiceAccount?: string;
}

export const stageNames = ['staging', 'production'] as const;
export type StageName = (typeof stageNames)[number];

const functions: Stage['functions'] = {
  // Their own line tells of each notice; the platform's two would be as many bytes again, and half of what logs cost.
  'google-webhook': { memoryMb: 512, timeoutSeconds: 5, reservedConcurrency: 10, platformLines: 'of-failures' },
  'microsoft-webhook': { memoryMb: 512, timeoutSeconds: 5, reservedConcurrency: 10, platformLines: 'of-failures' },
  'inbound-sync': { memoryMb: 256, timeoutSeconds: 120 },
  'booking-sync': { memoryMb: 256, timeoutSeconds: 60 },
  availability: { memoryMb: 512, timeoutSeconds: 10 },
  connections: { memoryMb: 256, timeoutSeconds: 10 },
  // These two wait for calendar providers. The gateway gives up at 30 s.
  connect: { memoryMb: 512, timeoutSeconds: 29 },
  'sync-now': { memoryMb: 512, timeoutSeconds: 29 },
  ops: { memoryMb: 512, timeoutSeconds: 29 },
  // One tick at a time; the next one goes on where it stopped.
  upkeep: { memoryMb: 512, timeoutSeconds: 60, reservedConcurrency: 1 },
};

const staging: Stage = {
  name: 'staging',
  functions,
  workers: {
    'inbound-sync': { batchSize: 10, windowSeconds: 0, maxConcurrency: 5 },
    'booking-sync': { batchSize: 10, windowSeconds: 0, maxConcurrency: 5 },
  },
  queues: { deliveries: 5, retentionDays: 4, deadRetentionDays: 14, changesVisibilitySeconds: 180 },
  tableMaxWriteUnits: { connections: 200, 'sync-state': 1000, 'busy-intervals': 1000, 'booking-events': 500 },
  dataRemoval: RemovalPolicy.RETAIN,
  logRetention: RetentionDays.TWO_WEEKS,
  routes: { rate: 10_000, burst: 5_000 },
  upkeepPeriodMinutes: 1,
  window: { backDays: 1, aheadDays: 180 },
};

const production: Stage = {
  ...staging,
  name: 'production',
  functions: {
    ...functions,
    // Also bounds how fast cold starts read parameters: SSM gives an account 40 calls a second.
    'google-webhook': { ...functions['google-webhook'], reservedConcurrency: 100 },
    'microsoft-webhook': { ...functions['microsoft-webhook'], reservedConcurrency: 100 },
  },
  workers: {
    'inbound-sync': { batchSize: 10, windowSeconds: 0, maxConcurrency: 50 },
    'booking-sync': { batchSize: 10, windowSeconds: 0, maxConcurrency: 20 },
  },
  tableMaxWriteUnits: { connections: 1000, 'sync-state': 4000, 'busy-intervals': 8000, 'booking-events': 2000 },
  logRetention: RetentionDays.THREE_MONTHS,
};

const stages: Readonly<Record<StageName, Stage>> = { staging, production };

const isStageName = (name: unknown): name is StageName => stageNames.some((known) => known === name);

/** The numbers of the stage that `-c stage=…` names; any other name is refused. */
export function stageNamed(name: unknown): Stage {
  if (isStageName(name)) return stages[name];
  throw new Error(`There is no stage ${JSON.stringify(name)}. Say one of: ${stageNames.map((known) => `-c stage=${known}`).join(', ')}.`);
}
