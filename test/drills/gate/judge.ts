// GO or NO-GO: each criterion against the evidence. No I/O, and no benefit of the doubt.
import type { Evidence } from '../evidence.ts';
import type { Criterion } from './criteria.ts';

export interface Finding {
  readonly criterion: string;
  readonly says: string;
  readonly verdict: 'GO' | 'NO-GO';
  /** The steps that prove it, or what is wrong with them. */
  readonly because: readonly string[];
}

export interface Asked {
  readonly stage: string;
  readonly tree: string;
  /** ms. */
  readonly now: number;
}

const dayMs = 24 * 3_600_000;

/** Why this evidence does not count here; undefined where it does. */
export function staleness({ stage, tree, at }: Evidence, asked: Asked): string | undefined {
  if (stage !== asked.stage) return `is of the stage ${stage}`;
  if (tree !== asked.tree) return 'is of another tree';
  if (!(Math.abs(asked.now - Date.parse(at)) < dayMs)) return `is of ${at}, not of the last 24 hours`;
  return undefined;
}

export function judge(criteria: readonly Criterion[], evidence: readonly Evidence[], asked: Asked): Finding[] {
  return criteria.map(({ id, says, proof }) => {
    const objections = proof.flatMap((of) => objectionsTo(of, evidence, asked));
    const because = objections.length > 0 ? objections : proof.map((of) => `${of}: PASS`);
    return { criterion: id, says, verdict: objections.length > 0 || proof.length === 0 ? 'NO-GO' : 'GO', because };
  });
}

/** `proof` is drill/step, or a drill's name for all of its steps. */
function objectionsTo(proof: string, evidence: readonly Evidence[], asked: Asked): string[] {
  const [drill = '', name] = proof.split('/');
  const found = evidence.find((each) => each.drill === drill);
  if (found === undefined) return [`${proof}: never drilled`];
  const stale = staleness(found, asked);
  if (stale !== undefined) return [`${proof}: the evidence ${stale}`];
  const steps = found.steps.filter(({ step }) => name === undefined || step === name);
  if (steps.length === 0) return [`${proof}: not reached`];
  const bad = steps.filter(({ verdict }) => verdict !== 'PASS').map(({ step, verdict, why }) => `${drill}/${step}: ${verdict}${why === undefined ? '' : `: ${why.split('\n')[0]}`}`);
  return bad.length === 0 && name === undefined && found.verdict !== 'PASS' ? [`${drill}: ${found.verdict}`] : bad;
}

export const isGo = (findings: readonly Finding[]): boolean => findings.length > 0 && findings.every(({ verdict }) => verdict === 'GO');
