// Does drills, each on a local run of its own, some side by side, since a drill mostly waits; or one after the other on a deployed stage.
import { arch, platform as system } from 'node:os';
import { join } from 'node:path';
import { openPlace, type Place } from '../../infra/commands/ops/place.ts';
import { commitOf, treeHash } from '../../infra/commands/deploy/tree.ts';
import { projectRoot } from '../../infra/local/synthesis.ts';
import { eachConcurrently } from '../../lib/platform/concurrently.ts';
import { startRun } from '../support/run.ts';
import { endedBadly, neverBegan, runDrill, type Drill, type DrillRecord, type StepRecord } from './drill.ts';
import { writeEvidence, type Circumstances, type Evidence } from './evidence.ts';

export interface Drilling {
  /** Absent: the local run. */
  readonly stage?: string;
  /** Of a deployed stage: whose calendar may be written to. */
  readonly providerId?: string;
  /** Local runs at once. */
  readonly parallel: number;
  /** Told as it goes on. */
  readonly note: (line: string) => void;
}

export const stageName = (stage: string | undefined): string => stage ?? 'local';

/** Which tree is drilled, and where. */
export const circumstances = (stage: string | undefined): Circumstances => ({
  stage: stageName(stage),
  tree: treeHash(projectRoot),
  commit: commitOf(projectRoot),
  at: new Date().toISOString(),
  environment: `Node ${process.version}, ${system()} ${arch()}`,
});

/** Resolves to the evidence, which is written as each drill ends. */
export async function runDrills(drills: readonly Drill[], drilling: Drilling): Promise<Evidence[]> {
  const { stage, parallel, note } = drilling;
  const evidence: Evidence[] = [];
  // Before they begin: what is changed meanwhile was not drilled.
  const drilled = circumstances(stage);
  await eachConcurrently(drills, stage === undefined ? parallel : 1, async (drill) => {
    note(`${drill.name}: begins`);
    const record = await (stage === undefined ? onLocalRun(drill, drilling) : onStage(drill, stage, drilling));
    evidence.push(writeEvidence(record, { ...drilled, at: new Date().toISOString() }));
    note(`${drill.name}: ${record.verdict}, ${(record.ms / 1000).toFixed(1)} s`);
  });
  return evidence;
}

async function onLocalRun(drill: Drill, { note }: Drilling): Promise<DrillRecord> {
  let run: Awaited<ReturnType<typeof startRun>>;
  try {
    run = await startRun({ ...(drill.clock !== undefined && { clock: drill.clock }), ...(drill.shortDeadlines && { shortDeadlines: true }) }, { asDeployed: drill.asDeployed === true, ...(drill.stack && { stack: drill.stack }) });
  } catch (error) {
    return neverBegan(drill, error);
  }
  const place = openPlace({ outputs: join(run.sandbox.folder, 'outputs.json') });
  const record = await runDrill(drill, { place, local: run }, { clock: Date.now, told: teller(drill, note) });
  place.close();
  try {
    await run.close();
    return record;
  } catch (error) {
    return endedBadly(record, error);
  }
}

async function onStage(drill: Drill, stage: string, { note, providerId }: Drilling): Promise<DrillRecord> {
  const place: Place = openPlace({ stage });
  try {
    return await runDrill(drill, { place, local: undefined, ...(providerId !== undefined && { providerId }) }, { clock: Date.now, told: teller(drill, note) });
  } finally {
    place.close();
  }
}

const teller = ({ name }: Drill, note: Drilling['note']) => ({ step, verdict, why }: StepRecord): void => note(`${name}/${step}: ${verdict}${why === undefined ? '' : `: ${why.split('\n')[0]}`}`);
