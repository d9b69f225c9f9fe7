// A drill: steps that are done, not read, each with what it expects and what was seen.
import { stripVTControlCharacters } from 'node:util';
import type { SynthesizedStack } from '../../infra/local/synthesis.ts';
import type { Place } from '../../infra/commands/ops/place.ts';
import type { Run } from '../support/run.ts';

/** What was seen: calls, figures, log lines, alarm states. Goes into the report as it is. */
export type Seen = Readonly<Record<string, unknown>>;

export interface Step {
  /** One word or a few, joined by hyphens: criteria name it as drill/step. */
  readonly name: string;
  /** What must be so, as a sentence. */
  readonly expects: string;
  /** Needs engines and calendars that can be told to fail: skipped on a deployed stage. */
  readonly localOnly?: true;
  /** Does it and looks; throws where it is otherwise than expected. */
  readonly act: () => Promise<Seen>;
}

export interface Scene {
  readonly place: Place;
  /** The local run; absent on a deployed stage. */
  readonly local: Run | undefined;
  /** A professional of the stage whose calendar may be written to; absent on the local run, where drills make their own. */
  readonly providerId?: string;
  step(step: Step): Promise<void>;
}

export interface Drill {
  readonly name: string;
  /** What is shown, as a sentence. */
  readonly title: string;
  /** How many times as fast the local run's clock goes. Default 1. */
  readonly clock?: number;
  /** Calls that hang are given up after seconds of the wall's clock, within their lease. */
  readonly shortDeadlines?: true;
  /** The local run begins as it was deployed, all flags off; otherwise it is open for everybody. */
  readonly asDeployed?: true;
  /** Another stack than the synthesized one, for the local run; what it needs beside may lie in the run's folder. */
  readonly stack?: (folder: string) => Promise<SynthesizedStack>;
  run(scene: Scene): Promise<void>;
}

export type StepVerdict = 'PASS' | 'FAIL' | 'SKIPPED';

export interface StepRecord {
  readonly step: string;
  readonly expects: string;
  readonly verdict: StepVerdict;
  readonly ms: number;
  readonly seen: Seen;
  /** Why it failed or was skipped. */
  readonly why?: string;
}

export interface DrillRecord {
  readonly drill: string;
  readonly title: string;
  readonly verdict: StepVerdict;
  readonly ms: number;
  readonly steps: readonly StepRecord[];
}

class Broken extends Error {}

/** Does a drill from its first step to its last, or to the first that fails: what follows would be about another world. Never throws. */
export async function runDrill(drill: Drill, scene: Omit<Scene, 'step'>, { clock, told }: { clock: () => number; told: (step: StepRecord) => void }): Promise<DrillRecord> {
  const steps: StepRecord[] = [];
  const began = clock();
  const add = (record: StepRecord): void => {
    steps.push(record);
    told(record);
  };
  const step = async ({ name, expects, localOnly, act }: Step): Promise<void> => {
    if (localOnly === true && scene.local === undefined) return add({ step: name, expects, verdict: 'SKIPPED', ms: 0, seen: {}, why: 'It needs a run that can be told to fail: the local one.' });
    const started = clock();
    try {
      const seen = await act();
      add({ step: name, expects, verdict: 'PASS', ms: clock() - started, seen });
    } catch (error) {
      add({ step: name, expects, verdict: 'FAIL', ms: clock() - started, seen: {}, why: sentenceOf(error) });
      throw new Broken();
    }
  };
  try {
    await drill.run({ ...scene, step });
  } catch (error) {
    if (!(error instanceof Broken)) add({ step: 'between-steps', expects: 'What a drill does between its steps works.', verdict: 'FAIL', ms: 0, seen: {}, why: sentenceOf(error) });
  }
  return { drill: drill.name, title: drill.title, verdict: verdictOf(steps), ms: clock() - began, steps };
}

/** The record of a drill whose run did not even start. */
export const neverBegan = ({ name, title }: Drill, error: unknown): DrillRecord => ({
  drill: name, title, verdict: 'FAIL', ms: 0,
  steps: [{ step: 'start', expects: 'The run to drill on starts.', verdict: 'FAIL', ms: 0, seen: {}, why: sentenceOf(error) }],
});

/** The record of a drill whose run found at its end that a secret was written down, or did not end. */
export const endedBadly = (record: DrillRecord, error: unknown): DrillRecord => ({
  ...record, verdict: 'FAIL',
  steps: [...record.steps, { step: 'end', expects: 'The run ends, and no log line, table item or message of it holds a secret.', verdict: 'FAIL', ms: 0, seen: {}, why: sentenceOf(error) }],
});

/** A drill of which a step was skipped has not passed: what depends on that step must not lean on it. */
function verdictOf(steps: readonly StepRecord[]): StepVerdict {
  const verdicts = steps.map(({ verdict }) => verdict);
  if (verdicts.includes('FAIL') || verdicts.length === 0) return 'FAIL';
  return verdicts.includes('SKIPPED') ? 'SKIPPED' : 'PASS';
}

/** Assertions explain themselves over many coloured lines: the report has plain ones. */
function sentenceOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return stripVTControlCharacters(text).slice(0, 2000);
}
