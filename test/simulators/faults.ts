// Faults on demand: what the next matching requests to a simulator suffer.

/** `before` = no effect happened; `after` = the effect is done and its answer lost or replaced. Only a delay = the true answer, late. */
export interface Fault {
  readonly method?: string;
  /** Source of a RegExp over path and query. */
  readonly path?: string;
  readonly when: 'before' | 'after';
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | object;
  readonly reset?: true;
  readonly delayMs?: number;
  /** How many requests suffer it; once unless said. */
  readonly times?: number;
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

export interface FaultBook {
  add(fault: Fault): void;
  clear(): void;
  /** The oldest fault that matches, used up by one. */
  take(request: Request): Fault | undefined;
}

/** Keeps the faults that are still to be suffered, oldest first. */
export function faultBook(): FaultBook {
  let waiting: { fault: Fault; matches: (request: Request) => boolean; left: number }[] = [];
  return {
    add: (fault) => {
      waiting.push({ fault, matches: matcher(fault), left: fault.times ?? 1 });
    },
    clear: () => {
      waiting = [];
    },
    take: (request) => {
      const found = waiting.find((entry) => entry.matches(request));
      if (found === undefined) return undefined;
      found.left -= 1;
      if (found.left <= 0) waiting = waiting.filter((entry) => entry !== found);
      return found.fault;
    },
  };
}

function matcher(fault: Fault): (request: Request) => boolean {
  if (fault.when !== 'before' && fault.when !== 'after') throw new Error('A fault needs `when`: "before" or "after".');
  const pattern = fault.path === undefined ? undefined : new RegExp(fault.path, 'u');
  return ({ method, path, query }) => {
    const target = query.size === 0 ? path : `${path}?${query.toString()}`;
    return (fault.method === undefined || fault.method.toUpperCase() === method) && (pattern === undefined || pattern.test(target));
  };
}
