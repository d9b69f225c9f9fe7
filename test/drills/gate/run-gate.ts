// The gate: drills whose evidence does not count are done, then every criterion is judged by what they showed.
import { drills } from '../all.ts';
import { readEvidence, type Evidence } from '../evidence.ts';
import { circumstances, runDrills } from '../run-drills.ts';
import { criteria } from './criteria.ts';
import { judge, staleness, type Asked } from './judge.ts';
import { reportOf, writeReport, type GateReport } from './report.ts';

export interface Gate {
  readonly stage?: string;
  /** Judge these criteria alone: then no report is written, since it would speak of a part. */
  readonly only?: readonly string[];
  readonly providerId?: string;
  /** False: judges what there is. */
  readonly run: boolean;
  readonly parallel: number;
  readonly now: () => number;
  readonly note: (line: string) => void;
}

export async function runGate({ stage, only, providerId, run, parallel, now, note }: Gate): Promise<{ readonly report: GateReport; readonly written: readonly string[] }> {
  const here = circumstances(stage);
  const asked: Asked = { stage: here.stage, tree: here.tree, now: now() };
  const wanted = only === undefined ? criteria : criteria.filter(({ id }) => only.includes(id));
  const needed = new Set(wanted.flatMap(({ proof }) => proof.map((of) => of.split('/')[0])));
  const before = readEvidence(here.stage);
  for (const name of before.damaged) note(`${name} cannot be read: it is no evidence.`);
  const counts = (drill: string): boolean => before.found.some((each) => each.drill === drill && staleness(each, asked) === undefined && each.verdict === 'PASS');
  const missing = drills.filter(({ name }) => needed.has(name) && !counts(name));
  if (run && missing.length > 0) await runDrills(missing, { ...(stage !== undefined && { stage }), ...(providerId !== undefined && { providerId }), parallel, note });
  const evidence: readonly Evidence[] = readEvidence(here.stage).found.filter(({ drill }) => needed.has(drill));
  // What was changed while it was being drilled is another tree than the one that was asked about.
  const report = reportOf(judge(wanted, evidence, { ...asked, now: now() }), evidence, { ...here, at: new Date(now()).toISOString() });
  return { report, written: only === undefined ? writeReport(report, evidence) : [] };
}
