import { readFileSync } from 'node:fs';

/** Whether a process of this id runs. One that has ended but that nobody has reaped yet does not. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

/** Asks again and again until the answer is yes; throws, naming what was waited for, after `limitMs`. */
export async function until(what: string, ask: () => boolean | Promise<boolean>, limitMs = 8000): Promise<void> {
  const ends = performance.now() + limitMs;
  while (!(await ask())) {
    if (performance.now() > ends) throw new Error(`Waited ${limitMs} ms in vain: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
