// What any tool needs to drive a local run, also written to outputs.json.
import { functionSettings, queueNames, tableNames } from '../../lib/platform/names.ts';
import type { FunctionName, QueueName, TableName } from '../../lib/platform/names.ts';
import type { FunctionPlan } from './function-plan.ts';
import type { LocalQueue } from './queues.ts';
import type { SimulatorUrls } from './simulators.ts';

/** Where the engines answer. */
export interface Endpoints {
  readonly dynamodb: string;
  readonly sqs: string;
  readonly ssm: string;
  readonly cloudwatch: string;
}

export interface Outputs {
  readonly apiUrl: string;
  /** URL by short name; each `x` also has its `x-dead`. */
  readonly queues: Readonly<Record<QueueName | `${QueueName}-dead`, string>>;
  /** Physical name by short name. */
  readonly tables: Readonly<Record<TableName, string>>;
  readonly endpoints: Endpoints;
  readonly simulators: SimulatorUrls;
  /** Physical name by short name. */
  readonly functions: Readonly<Record<FunctionName, string>>;
  /** The path below which the parameters lie, with its closing slash. */
  readonly settingsPath: string;
  readonly pid: number;
}

const variableOf = (shortName: string, what: 'TABLE' | 'QUEUE_URL'): string => `${shortName.toUpperCase().replaceAll('-', '_')}_${what}`;

/** A queue's or table's short name is what the functions' environment calls it; a dead-letter queue is named by whom it serves. */
export function shortQueues(plans: readonly FunctionPlan[], queues: readonly LocalQueue[]): Outputs['queues'] {
  const byUrl = new Map(queues.map((queue) => [queue.url, queue] as const));
  const byArn = new Map(queues.map((queue) => [queue.arn, queue] as const));
  return Object.fromEntries(
    queueNames.flatMap((name) => {
      const queue = byUrl.get(variable(plans, variableOf(name, 'QUEUE_URL')) ?? '') ?? queues.find((each) => each.name.endsWith(`-${name}`));
      const dead = byArn.get(queue?.deadLetterArn ?? '');
      return [...(queue === undefined ? [] : [[name, queue.url] as const]), ...(dead === undefined ? [] : [[`${name}-dead`, dead.url] as const])];
    }),
  ) as Outputs['queues'];
}

export function shortTables(plans: readonly FunctionPlan[], tables: readonly string[]): Outputs['tables'] {
  return Object.fromEntries(
    tableNames.flatMap((name) => {
      const table = variable(plans, variableOf(name, 'TABLE')) ?? tables.find((each) => each.endsWith(`-${name}`));
      return table === undefined ? [] : [[name, table] as const];
    }),
  ) as Outputs['tables'];
}

export function shortFunctions(plans: readonly FunctionPlan[]): Outputs['functions'] {
  return Object.fromEntries(
    Object.keys(functionSettings).flatMap((name) => {
      const plan = plans.find((each) => each.name === name || each.name.endsWith(`-${name}`));
      return plan === undefined ? [] : [[name, plan.name] as const];
    }),
  ) as Outputs['functions'];
}

export const variable = (plans: readonly FunctionPlan[], name: string): string | undefined => plans.map(({ environment }) => environment[name]).find((value) => value !== undefined);
