import { describe, expect, it } from '@jest/globals';
import { parseAlarmRule } from '../../../../infra/local/cloudwatch/alarm-rule.ts';
import type { AlarmState } from '../../../../infra/local/cloudwatch/alarm-state.ts';
import { anomalyBand } from '../../../../infra/local/cloudwatch/anomaly-band.ts';
import { readEmf } from '../../../../infra/local/cloudwatch/emf.ts';
import { parseExpression } from '../../../../infra/local/cloudwatch/metric-math.ts';
import { statistic } from '../../../../infra/local/cloudwatch/statistics.ts';

const now = Date.parse('2026-03-02T09:00:00Z');
const line = (root: object, directive: object = {}, aws: object = {}): string =>
  JSON.stringify({ _aws: { Timestamp: now, CloudWatchMetrics: [{ Namespace: 'N', Dimensions: [['a', 'b'], ['a']], Metrics: [{ Name: 'm', Unit: 'Count' }], ...directive }], ...aws }, a: 'x', b: 'y', m: 2, ...root });

describe('a line of the embedded metric format', () => {
  it('is one metric for each set of dimensions', () => {
    expect(readEmf(line({}), now)).toEqual({ kind: 'samples', samples: [{ a: 'x', b: 'y' }, { a: 'x' }].map((dimensions) => ({ namespace: 'N', name: 'm', dimensions, at: now, values: [[2, 1]] })) });
  });

  it('may hold many values, each with how often it came', () => {
    const reading = readEmf(line({ m: { Values: [1, 5], Counts: [3, 1] } }, { Dimensions: [['a']] }), now);
    expect(reading).toMatchObject({ samples: [{ values: [[1, 3], [5, 1]] }] });
    expect(readEmf(line({ m: [4, 4] }, { Dimensions: [['a']] }), now)).toMatchObject({ samples: [{ values: [[4, 1], [4, 1]] }] });
  });

  it.each([
    ['a dimension that is not at the root', line({ b: undefined })],
    ['a dimension that is no text', line({ b: 7 })],
    ['a dimension of over 1,024 characters', line({ b: 'y'.repeat(1025) })],
    ['a value that is no number', line({ m: '2' })],
    ['over 100 values', line({ m: Array.from({ length: 101 }, () => 1) })],
    ['a unit that does not exist', line({}, { Metrics: [{ Name: 'm', Unit: 'Fortnights' }] })],
    ['over 30 dimensions', line({}, { Dimensions: [Array.from({ length: 31 }, () => 'a')] })],
    ['over 100 metrics', line({}, { Metrics: Array.from({ length: 101 }, () => ({ Name: 'm' })) })],
    ['no namespace', line({}, { Namespace: '' })],
    ['a time of three hours from now', line({}, {}, { Timestamp: now + 3 * 3_600_000 })],
    ['a time of 15 days ago', line({}, {}, { Timestamp: now - 15 * 86_400_000 })],
  ])('with %s is ignored, and counted', (_, invalid) => {
    expect(readEmf(invalid, now)?.kind).toBe('invalid');
  });

  it('is told from other logs', () => {
    expect([readEmf('{"message":"_aws"}', now), readEmf('not JSON "_aws"', now), readEmf('{"_aws":{"other":1}}', now)]).toEqual([undefined, undefined, undefined]);
  });
});

describe('statistics', () => {
  const minutes = [new Map([[10, 19]]), new Map([[500, 1]])];
  it('are taken over all values of a span', () => {
    expect(['Sum', 'SampleCount', 'Average', 'Minimum', 'Maximum', 'p50', 'p95', 'p96'].map((stat) => statistic(stat, minutes))).toEqual([690, 20, 34.5, 10, 500, 10, 10, 500]);
    expect(statistic('Sum', [])).toBeUndefined();
  });
  it('that are not known are refused', () => {
    expect(() => statistic('TM(5%:95%)', minutes)).toThrow('TM(5%:95%)');
  });
});

describe('metric math', () => {
  const at = (text: string, figures: Record<string, number | undefined> = {}) => parseExpression(text).at((name) => figures[name]);
  it('follows the usual order', () => {
    expect([at('1 + 2 * 3'), at('(1 + 2) * 3'), at('8 / 2 / 2'), at('7 - 2 - 1'), at('1 < 2 AND 3 >= 3'), at('1 == 2 || 2 != 2')]).toEqual([7, 9, 2, 4, 1, 0]);
  });
  it('chooses by a condition', () => {
    expect([at('IF(n >= 20, p, 0)', { n: 20, p: 7000 }), at('IF(n >= 20, p, 0)', { n: 19, p: 7000 })]).toEqual([7000, 0]);
  });
  it('has no datapoint where one that it needs is missing, or the result is no number', () => {
    expect([at('a + b', { a: 1 }), at('IF(a, 1, 2)'), at('a / 0', { a: 1 })]).toEqual([undefined, undefined, undefined]);
  });
  it.each(['FILL(m, 0)', 'SEARCH(m)', 'm +', 'm n', '(m', 'IF(m, 1)', '$'])('that is not known is refused when it is read: %s', (text) => {
    expect(() => parseExpression(text)).toThrow(text);
  });
});

describe('the rule of a composite alarm', () => {
  const states: Record<string, AlarmState> = { red: 'ALARM', green: 'OK', gray: 'INSUFFICIENT_DATA' };
  const holds = (rule: string) => parseAlarmRule(rule).holds((name) => states[name] ?? 'OK');
  it('joins the states of others', () => {
    expect([
      holds('ALARM(red)'), holds('ALARM("green") OR ALARM("red")'), holds('ALARM(red) AND OK(red)'), holds('NOT ALARM(gray)'), holds('INSUFFICIENT_DATA(gray)'), holds('(ALARM(green) OR ALARM(red)) AND NOT FALSE'),
      holds('ALARM("arn:aws:cloudwatch:us-east-1:123456789012:alarm:red")'), holds('ALARM(green) AND ALARM(red) OR TRUE'),
    ]).toEqual([true, true, false, true, true, true, true, true]);
    expect(parseAlarmRule('ALARM(a) OR NOT (OK(b))').names).toEqual(['a', 'b']);
  });
  it.each(['', 'ALARM()', 'ALARM(a', 'RINGING(a)', 'ALARM(a) ALARM(b)', 'ALARM(a) XOR ALARM(b)'])('that is not understood is refused: %s', (rule) => {
    expect(() => parseAlarmRule(rule)).toThrow('not understood');
  });
});

describe('the stand-in for anomaly detection', () => {
  it('says nothing before it has seen six datapoints, then bands what it saw', () => {
    expect(anomalyBand([10, 10, 10, 10, 10], 3)).toBeUndefined();
    const band = anomalyBand([98, 101, 100, 99, 102, 100], 3);
    expect(band?.lower).toBeCloseTo(70, 0);
    expect(band?.upper).toBeCloseTo(130, 0);
  });
});
