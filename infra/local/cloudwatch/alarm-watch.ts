// Evaluates alarms minute by minute, and remembers how they stood.
import type { AlarmState } from './alarm-state.ts';
import type { AlarmPlan, Transition } from './alarms.ts';

export interface AlarmStatus {
  readonly name: string;
  readonly state: AlarmState;
  /** When it came into this state, in ms; at the start it is when the run began. */
  readonly since: number;
  readonly reason: string;
  readonly description: string;
  readonly composite: boolean;
}

export interface AlarmWatch {
  readonly plans: readonly AlarmPlan[];
  readonly statuses: () => AlarmStatus[];
  readonly history: () => readonly Transition[];
  /** As of the end of a minute. */
  readonly evaluate: (minuteEnd: number) => void;
  /** Until the next evaluation finds otherwise. False: there is no such alarm. */
  readonly set: (name: string, to: { readonly state: AlarmState; readonly reason: string; readonly at: number }) => boolean;
}

export function watchAlarms(plans: readonly AlarmPlan[], { startedAt, onTransition }: { startedAt: number; onTransition: (transition: Transition) => void }): AlarmWatch {
  const states = new Map<string, { readonly state: AlarmState; readonly since: number; readonly reason: string }>(
    plans.map(({ name }) => [name, { state: 'INSUFFICIENT_DATA', since: startedAt, reason: 'Unchecked: the alarm is new.' }] as const),
  );
  const history: Transition[] = [];
  const stateOf = (name: string): AlarmState => states.get(name)?.state ?? 'INSUFFICIENT_DATA';
  const move = (name: string, to: AlarmState, { reason, at }: { reason: string; at: number }): void => {
    const from = stateOf(name);
    if (from === to) return;
    states.set(name, { state: to, since: at, reason });
    const transition = { alarm: name, from, to, at, reason };
    history.push(transition);
    onTransition(transition);
  };
  return {
    plans,
    statuses: () => plans.map(({ name, description, composite }) => ({ name, description, composite, ...(states.get(name) ?? { state: 'INSUFFICIENT_DATA', since: startedAt, reason: '' }) })),
    history: () => history,
    evaluate: (minuteEnd) => {
      for (const plan of plans) {
        const { state, reason } = plan.judge(minuteEnd, stateOf(plan.name), stateOf);
        move(plan.name, state, { reason, at: minuteEnd });
      }
    },
    set: (name, { state, reason, at }) => {
      if (!states.has(name)) return false;
      move(name, state, { reason, at });
      return true;
    },
  };
}
