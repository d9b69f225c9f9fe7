import type { Sandbox } from '../../infra/local/sandbox.ts';
import { functionSettings, type FunctionName } from '../../lib/platform/names.ts';

/** What any function has logged as an error. */
export const errorLines = (sandbox: Sandbox): string[] =>
  (Object.keys(functionSettings) as FunctionName[]).flatMap((name) => sandbox.logs(name).filter(({ line }) => line.includes('"level":"ERROR"')).map(({ line }) => line));
