/** Runs work that ends early on Ctrl-C, where it can be gone on with; a second Ctrl-C ends the process. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const onStop = (): void => stop.abort();
  process.once('SIGINT', onStop);
  try {
    return await work(stop.signal);
  } finally {
    process.removeListener('SIGINT', onStop);
  }
}
