// From datapoints to an alarm's state, by CloudWatch's documented rules:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
export type MissingData = 'breaching' | 'notBreaching' | 'ignore' | 'missing';

export interface AlarmTerms {
  /** N: the datapoints looked at. */
  readonly evaluationPeriods: number;
  /** M: how many of them must breach. */
  readonly datapointsToAlarm: number;
  readonly missingData: MissingData;
}

/** Each datapoint of the evaluation range, oldest first: whether it breaches, or undefined where it is missing. */
export type Datapoints = readonly (boolean | undefined)[];

/** How far back CloudWatch looks: it documents five for three periods and "more" in general. */
export const evaluationRange = (evaluationPeriods: number): number => evaluationPeriods + 2;

export function nextState(datapoints: Datapoints, terms: AlarmTerms, current: AlarmState): AlarmState {
  const { evaluationPeriods: n, datapointsToAlarm: m } = terms;
  const real = datapoints.filter((breaches) => breaches !== undefined);
  const enough = real.length >= n;
  const breaching = real.slice(-n).filter(Boolean).length;
  if (breaching >= m) return 'ALARM';
  // Filled as rarely as possible: only what is lacking to N.
  if (enough) return 'OK';
  if (terms.missingData === 'breaching') return breaching + n - real.length >= m ? 'ALARM' : 'OK';
  if (terms.missingData === 'notBreaching') return 'OK';
  if (real.includes(false)) return 'OK';
  if (terms.missingData === 'ignore') return current;
  if (real.length === 0) return 'INSUFFICIENT_DATA';
  // All that came is bad, but too little of it: only once the oldest is M periods old, as the next may be good.
  return datapoints.length - datapoints.indexOf(true) >= m ? 'ALARM' : current;
}

/** Below so many samples a percentile says little: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html */
export function samplesNeeded(percent: number): number {
  const share = percent / 100;
  return share >= 1 ? 0 : 10 / (share >= 0.5 ? 1 - share : Math.max(share, Number.EPSILON));
}

export type Comparison =
  | 'GreaterThanThreshold' | 'GreaterThanOrEqualToThreshold' | 'LessThanThreshold' | 'LessThanOrEqualToThreshold'
  | 'LessThanLowerThreshold' | 'GreaterThanUpperThreshold' | 'LessThanLowerOrGreaterThanUpperThreshold';

export interface Band {
  readonly lower: number;
  readonly upper: number;
}

const comparisons: Readonly<Record<Comparison, (value: number, band: Band) => boolean>> = {
  GreaterThanThreshold: (value, { upper }) => value > upper,
  GreaterThanOrEqualToThreshold: (value, { upper }) => value >= upper,
  LessThanThreshold: (value, { lower }) => value < lower,
  LessThanOrEqualToThreshold: (value, { lower }) => value <= lower,
  LessThanLowerThreshold: (value, { lower }) => value < lower,
  GreaterThanUpperThreshold: (value, { upper }) => value > upper,
  LessThanLowerOrGreaterThanUpperThreshold: (value, { lower, upper }) => value < lower || value > upper,
};

/** Throws for a comparison that is not known. A plain threshold is a band of no width. */
export function comparing(operator: string): (value: number, band: Band) => boolean {
  if (Object.hasOwn(comparisons, operator)) return comparisons[operator as Comparison];
  throw new Error(`The comparison ${operator} is not known here; ${Object.keys(comparisons).join(', ')} are.`);
}
