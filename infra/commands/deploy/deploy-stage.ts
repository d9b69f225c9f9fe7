// A deployment as an operator means it: seen before it is made, and without taking back what operators have set.
import type { SSMClient } from '@aws-sdk/client-ssm';
import { readValues, restoreValues, type Difference, type OperatorsValues } from '../../../lib/operate/operators-values.ts';

export interface DeployParts {
  readonly stage: string;
  /** Of the stage's parameters, with the closing slash. */
  readonly path: string;
  readonly ssm: SSMClient;
  /** Runs the CDK with these arguments, in sight of the operator; resolves to its exit code. */
  readonly cdk: (...args: readonly string[]) => Promise<number>;
  readonly confirm: (question: string) => Promise<boolean>;
  readonly print: (line: string) => void;
  /** Keeps the values where a crash cannot lose them, until they are restored. */
  readonly memory: { keep(values: OperatorsValues): void; kept(): OperatorsValues | undefined; forget(): void };
}

/** Diff, consent, deployment, and the operators' values as they were; resolves to the exit code. */
export async function deployStage(parts: DeployParts): Promise<number> {
  const { stage, path, ssm, cdk, confirm, print, memory } = parts;
  if (memory.kept() !== undefined) {
    print('The last deployment did not come to its end: its values first.');
    await restore(parts);
  }
  const diffed = await cdk('diff', '-c', `stage=${stage}`);
  if (diffed !== 0) return diffed;
  if (!(await confirm(`Deploy this to ${stage}?`))) {
    print('Nothing was changed.');
    return 1;
  }
  memory.keep(await readValues(ssm, path));
  try {
    return await cdk('deploy', '-c', `stage=${stage}`, '--require-approval', 'never');
  } finally {
    await restore(parts);
  }
}

/** Puts back what the last deployment kept, if it did not come to that itself. */
export async function restore({ path, ssm, memory, print }: Pick<DeployParts, 'path' | 'ssm' | 'memory' | 'print'>): Promise<void> {
  const before = memory.kept();
  if (before === undefined) return print('Nothing is kept: the last deployment restored its values.');
  const restored = await restoreValues(ssm, { path, before });
  for (const difference of restored) print(told(difference));
  const count = Object.keys(before).length;
  print(`${count} flags and allowlists ${restored.length === 0 ? 'are as operators had set them' : `are again as operators had set them: ${restored.length} had been changed`}.`);
  memory.forget();
}

const told = ({ name, before, after }: Difference): string => `${name}: was ${before}, came back as ${after ?? 'nothing'}; put back.`;
