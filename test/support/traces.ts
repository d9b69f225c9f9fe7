// Stories that nobody reads, and ids that a test knows.
import type { Trace, Tracing } from '../../lib/platform/trace.ts';

/** The nth id that a test's own source gives. */
export const correlation = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

export function correlations(): Tracing['newCorrelation'] {
  let count = 0;
  return () => correlation((count += 1));
}

const quiet = (): void => undefined;
export const quietLog: Trace['log'] = { info: quiet, warn: quiet, error: quiet };

/** Every story under the same id, told to nobody. */
export const untold = (): Trace => ({ correlation: correlation(0), log: quietLog });
