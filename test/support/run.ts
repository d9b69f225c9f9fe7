import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox } from '../../infra/local/sandbox.ts';
import type { Sandbox, SandboxOptions } from '../../infra/local/sandbox.ts';
import type { SynthesizedStack } from '../../infra/local/synthesis.ts';
import { searchForSecrets, secretsOf, writtenBy } from './leaks.ts';
import { platform, type Platform } from './platform.ts';
import { strayFields } from './stray-fields.ts';

/** A local run with its platform, as tests and benches use it. */
export interface Run {
  readonly sandbox: Sandbox;
  /** Its flags are on, and everybody is allowed. */
  readonly platform: Platform;
}

interface StartOptions {
  readonly asDeployed?: boolean;
  /** Another stack than the synthesized one; what it needs beside may lie in the run's folder. */
  readonly stack?: (folder: string) => Promise<SynthesizedStack>;
}

/** Starts a local run in a folder of its own, open for everybody or else as it was deployed; `close` leaves nothing of it, and throws where it wrote a secret down or logged what no log may say. */
export async function startRun(options: SandboxOptions = {}, { asDeployed = false, stack }: StartOptions = {}): Promise<Run & { close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'run-'));
  const sandbox = await startSandbox({ folder, ...options, ...(stack && { stack: await stack(folder) }) });
  const opened = platform(sandbox.outputs, sandbox.clock.now);
  const close = async (): Promise<void> => {
    for (const client of [opened.dynamo, opened.sqs, opened.ssm]) client.destroy();
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    if (!asDeployed) await opened.open();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    sandbox,
    platform: opened,
    async close() {
      try {
        const written = await writtenBy(sandbox, opened);
        searchForSecrets(await secretsOf(opened), written);
        const stray = strayFields(written.filter(({ where }) => where.startsWith('log ')));
        if (stray.length > 0) throw new Error(`Logs say what is on no list: ${stray.slice(0, 5).join('; ')}`);
      } finally {
        await close();
      }
    },
  };
}
