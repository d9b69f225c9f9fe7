import type { EnvName } from './names.ts';

/** Reads the named variables; throws once, naming all that are missing, so that a wrong deployment fails at its first cold start. */
export function readEnvironment<N extends EnvName>(names: readonly N[], source: NodeJS.ProcessEnv = process.env): Record<N, string> {
  const missing = names.filter((name) => !source[name]);
  if (missing.length > 0) throw new Error(`Missing environment: ${missing.join(', ')}. The stack sets these where it grants access; deploy both together.`);
  return Object.fromEntries(names.map((name) => [name, source[name]])) as Record<N, string>;
}
