import { physicalAlarmName, type AlarmName } from '../../lib/platform/alarm-names.ts';
import type { Sandbox } from '../../infra/local/sandbox.ts';
import { eventually } from '../support/eventually.ts';
import type { Seen } from './drill.ts';

/** The stage whose template the local run runs. */
const localStage = 'staging';

/** Waits until an alarm stands so, in minutes of the run's clock; says when it came to that, and why. */
async function becomes(sandbox: Sandbox, name: AlarmName, { state, withinMinutes }: { state: 'ALARM' | 'OK'; withinMinutes: number }): Promise<Seen> {
  const asked = physicalAlarmName(localStage, name);
  const from = sandbox.clock.now();
  const status = () => sandbox.alarms().find((alarm) => alarm.name === asked);
  if (status() === undefined) throw new Error(`The template has no alarm ${asked}.`);
  await eventually(`${asked} is in ${state}; it is in ${status()?.state}`, () => status()?.state === state, { withinMs: sandbox.clock.wall(withinMinutes * 60_000) + 3000 });
  const { since = 0, reason = '' } = status() ?? {};
  return { alarm: asked, state, after: `${Math.max(0, Math.round((since - from) / 1000))} s`, reason };
}

export const rings = (sandbox: Sandbox, name: AlarmName, withinMinutes = 10): Promise<Seen> => becomes(sandbox, name, { state: 'ALARM', withinMinutes });
export const clears = (sandbox: Sandbox, name: AlarmName, withinMinutes = 20): Promise<Seen> => becomes(sandbox, name, { state: 'OK', withinMinutes });

/** Waits until it has rung since a moment of the run's clock, though it may have cleared since. */
export async function rang({ alarms, clock, metrics }: Sandbox, name: AlarmName, { since, withinMinutes = 15 }: { since: number; withinMinutes?: number }): Promise<Seen> {
  const asked = physicalAlarmName(localStage, name);
  const ringing = () => metrics.history().findLast(({ alarm, to, at }) => alarm === asked && to === 'ALARM' && at >= since) ?? alarms().find((alarm) => alarm.name === asked && alarm.state === 'ALARM');
  const { reason } = await eventually(`${asked} rings`, ringing, { withinMs: clock.wall(withinMinutes * 60_000) + 3000 });
  return { alarm: asked, state: 'ALARM', reason };
}
