// CloudWatch's own tables: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
import { describe, expect, it } from '@jest/globals';
import { comparing, evaluationRange, nextState, samplesNeeded, type AlarmState, type Datapoints, type MissingData } from '../../../../infra/local/cloudwatch/alarm-state.ts';

/** 0 is within the threshold, X is not, - is missing; the newest is at the right. */
const read = (row: string): Datapoints => row.split(' ').map((each) => (each === '-' ? undefined : each === 'X'));
const states: readonly AlarmState[] = ['OK', 'ALARM', 'INSUFFICIENT_DATA'];

/** By treatment: missing, ignore, breaching, notBreaching; `kept` is the state that it had before. */
type Row = readonly [row: string, missing: AlarmState | 'kept', ignore: AlarmState | 'kept', breaching: AlarmState, notBreaching: AlarmState];
const treatments: readonly MissingData[] = ['missing', 'ignore', 'breaching', 'notBreaching'];

function holds(rows: readonly Row[], datapointsToAlarm: number): void {
  for (const [row, ...expected] of rows) {
    for (const [n, missingData] of treatments.entries()) {
      for (const before of states) {
        const state = nextState(read(row), { evaluationPeriods: 3, datapointsToAlarm, missingData }, before);
        expect({ row, missingData, before, state }).toEqual({ row, missingData, before, state: expected[n] === 'kept' ? before : expected[n] });
      }
    }
  }
}

describe('the state of an alarm', () => {
  it('with 3 of 3 datapoints is as CloudWatch documents it', () => {
    holds([
      ['0 - X - X', 'OK', 'OK', 'OK', 'OK'],
      ['0 - - - -', 'OK', 'OK', 'OK', 'OK'],
      ['- - - - -', 'INSUFFICIENT_DATA', 'kept', 'ALARM', 'OK'],
      ['0 X X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
      ['- - X - -', 'ALARM', 'kept', 'ALARM', 'OK'],
    ], 3);
  });

  it('with 2 of 3 datapoints is as CloudWatch documents it', () => {
    holds([
      ['0 - X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
      ['0 0 X 0 X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
      ['0 - X - -', 'OK', 'OK', 'ALARM', 'OK'],
      ['- - - - 0', 'OK', 'OK', 'ALARM', 'OK'],
      ['- - - X -', 'ALARM', 'kept', 'ALARM', 'OK'],
    ], 2);
  });

  it('does not turn to ALARM too early where a good datapoint may follow', () => {
    holds([['- - - - X', 'kept', 'kept', 'ALARM', 'OK'], ['- - - X -', 'kept', 'kept', 'ALARM', 'OK'], ['- - X - 0', 'OK', 'OK', 'OK', 'OK']], 3);
  });

  it('looks at five datapoints for three periods', () => {
    expect(evaluationRange(3)).toBe(5);
  });
});

describe('a percentile', () => {
  it('wants ten samples beyond it: 200 for p95, 1,000 for p99, 100 for p10', () => {
    expect([95, 99, 50, 10].map((percent) => Math.round(samplesNeeded(percent)))).toEqual([200, 1000, 20, 100]);
  });
});

describe('a comparison', () => {
  it('holds a value against a threshold or against a band', () => {
    const five = { lower: 5, upper: 5 };
    expect([comparing('GreaterThanThreshold')(5, five), comparing('GreaterThanOrEqualToThreshold')(5, five), comparing('LessThanThreshold')(4, five), comparing('LessThanOrEqualToThreshold')(6, five)]).toEqual([false, true, true, false]);
    const outside = comparing('LessThanLowerOrGreaterThanUpperThreshold');
    expect([0, 1, 9, 10].map((value) => outside(value, { lower: 1, upper: 9 }))).toEqual([true, false, false, true]);
  });

  it('that nobody knows is refused by name', () => {
    expect(() => comparing('AboutThreshold')).toThrow('AboutThreshold');
    expect(() => comparing('constructor')).toThrow('constructor');
  });
});
