// What befalls a run in drills: engines, settings and calendars that fail as they would on AWS or at a provider, until they are told to heal.
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import type { FunctionName } from '../../lib/platform/names.ts';
import type { Fault } from '../simulators/faults.ts';
import type { Run } from '../support/run.ts';
import { sendJson } from '../support/send-json.ts';
import { rootOf } from './act.ts';
import type { Seen } from './drill.ts';

interface EngineFault {
  readonly how: 'throttled' | 'broken' | 'hanging';
  /** None: every operation. */
  readonly operations?: readonly string[];
}

/** Tables or queues fail from now on. */
export async function engineFails({ sandbox }: Run, engine: 'dynamodb' | 'sqs', { how, operations = [] }: EngineFault): Promise<void> {
  const query = new URLSearchParams([['how', how], ...operations.map((name): [string, string] => ['operation', name])]);
  await fetch(`${sandbox.endpoints[engine]}/_control/fail?${query.toString()}`, { method: 'PUT' });
}
export const engineHeals = async ({ sandbox }: Run, engine: 'dynamodb' | 'sqs'): Promise<void> => void (await fetch(`${sandbox.endpoints[engine]}/_control/fail`, { method: 'DELETE' }));

/** Nobody can read flags, lists or secrets. */
export const settingsFail = async ({ sandbox }: Run): Promise<void> => void (await fetch(`${sandbox.endpoints.ssm}/_control/fail`, { method: 'PUT' }));
export const settingsHeal = async ({ sandbox }: Run): Promise<void> => void (await fetch(`${sandbox.endpoints.ssm}/_control/fail?times=0`, { method: 'PUT' }));

/** Those that match the oldest fault suffer it, until it is used up. */
export async function calendarsFail({ platform }: Run, provider: CalendarProvider, faults: readonly Fault[]): Promise<void> {
  for (const fault of faults) await sendJson(rootOf(platform.outputs, provider), 'POST', '/_sim/faults', fault);
}
export const calendarsHeal = async ({ platform }: Run, provider: CalendarProvider): Promise<void> => void (await sendJson(rootOf(platform.outputs, provider), 'DELETE', '/_sim/faults'));

/** Every request of a kind, however often it comes. */
export const always = 1_000_000;

/** The first line of a function's log that says all of this, without what is the same in every line, and without stacks; undefined: none does. */
export function saidBy({ sandbox }: Run, name: FunctionName, ...parts: readonly string[]): Seen | undefined {
  const found = sandbox.logs(name).find(({ line }) => parts.every((part) => line.includes(part)));
  if (found === undefined) return undefined;
  return JSON.parse(found.line, (key, value: unknown) => (key === 'stack' || key === 'function_request_id' ? undefined : value)) as Seen;
}
