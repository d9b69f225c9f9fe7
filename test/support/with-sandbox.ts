import { afterAll, beforeAll, jest } from '@jest/globals';
import type { SandboxOptions } from '../../infra/local/sandbox.ts';
import { startRun, type Run } from './run.ts';

/**
 * One local run for all tests of a file: it starts before the first and ends after the last. The first start after a change of the
 * sources synthesizes them, which takes a while.
 */
export function withSandbox(options: SandboxOptions = {}): () => Run {
  // Everything on a machine waits for the slowest of its processes: what hangs is told by who waits, not by the test's end.
  jest.setTimeout(60_000);
  let run: Awaited<ReturnType<typeof startRun>> | undefined;
  beforeAll(async () => {
    run = await startRun(options);
  }, 90_000);
  afterAll(async () => {
    await run?.close();
  });
  return () => {
    if (run === undefined) throw new Error('The run starts with the first test.');
    return run;
  };
}
