// The rules of composite alarms: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
import type { AlarmState } from './alarm-state.ts';

export interface AlarmRule {
  /** Names of the alarms that it asks about. */
  readonly names: readonly string[];
  readonly holds: (stateOf: (name: string) => AlarmState) => boolean;
}

type Test = AlarmRule['holds'];

/** Throws where it does not understand the rule. Alarms are given by name or ARN, with or without quotes. */
export function parseAlarmRule(text: string): AlarmRule {
  const tokens = text.match(/"[^"]*"|[()]|[^\s()"]+/g) ?? [];
  const names: string[] = [];
  let at = 0;
  const take = (): string => tokens[at++] ?? '';
  const fail = (): never => {
    throw new Error(`An alarm rule that is not understood here, at ${JSON.stringify(tokens[at - 1] ?? 'its end')}: ${text}`);
  };
  const expect = (token: string): void => void (take() === token || fail());

  const either = (): Test => {
    let left = all();
    while (tokens[at] === 'OR') {
      at += 1;
      const [before, right] = [left, all()];
      left = (stateOf) => before(stateOf) || right(stateOf);
    }
    return left;
  };
  const all = (): Test => {
    let left = one();
    while (tokens[at] === 'AND') {
      at += 1;
      const [before, right] = [left, one()];
      left = (stateOf) => before(stateOf) && right(stateOf);
    }
    return left;
  };
  const one = (): Test => {
    const token = take();
    if (token === 'TRUE' || token === 'FALSE') return () => token === 'TRUE';
    if (token === 'NOT') {
      const inner = one();
      return (stateOf) => !inner(stateOf);
    }
    if (token === '(') {
      const inner = either();
      expect(')');
      return inner;
    }
    return token === 'ALARM' || token === 'OK' || token === 'INSUFFICIENT_DATA' ? inState(token) : fail();
  };
  const inState = (wanted: AlarmState): Test => {
    expect('(');
    const name = take().replaceAll('"', '').replace(/^arn:[^:]*:cloudwatch:[^:]*:[^:]*:alarm:/, '');
    if (name === '') fail();
    expect(')');
    names.push(name);
    return (stateOf) => stateOf(name) === wanted;
  };

  const holds = either();
  if (at < tokens.length) {
    at += 1;
    fail();
  }
  return { names, holds };
}
