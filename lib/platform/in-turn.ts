/** Runs one piece of work as soon as fewer than the limit are under way, in the order of asking. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** What is dear in memory goes a few at a time in one process. Each warm function has its own turns. */
export function inTurn(limit: number): InTurn {
  const waiting: (() => void)[] = [];
  let free = limit;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((begin) => waiting.push(begin));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
