export interface Patience {
  readonly withinMs?: number;
  readonly everyMs?: number;
}

export class WaitedInVain extends Error {}

/** Asks again and again until the answer is neither undefined nor false, and gives it back; throws WaitedInVain after the deadline, naming what was waited for. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined | false> | T | undefined | false, { withinMs = 15_000, everyMs = 20 }: Patience = {}): Promise<T> {
  const ends = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > ends) throw new WaitedInVain(`Waited ${withinMs} ms in vain: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
