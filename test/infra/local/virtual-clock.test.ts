import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { virtualClock } from '../../../infra/local/virtual-clock.ts';

describe('a clock that runs faster', () => {
  it('goes on from now, so many times as fast', () => {
    let wall = 1_000;
    const { now, wall: wallSpan } = virtualClock(60, () => wall);
    expect(now()).toBe(1_000);
    wall += 1_000;
    expect([now(), wallSpan(60_000)]).toEqual([61_000, 1_000]);
  });

  it('changes nothing in other processes when it runs as usual', () => {
    expect(virtualClock(1).preload('dates and timers')).toEqual([]);
  });

  it('refuses to stand still or run backwards', () => {
    for (const rate of [0, -1, 0.5, Number.NaN]) expect(() => virtualClock(rate)).toThrow('The clock runs 1 to 10000 times as fast');
  });

  it('is the same in another process: every way to ask for the date, and its timers where asked', () => {
    const { now, preload } = virtualClock(1000);
    const code = `
      const from = performance.now(), began = Date.now();
      setTimeout(() => console.log(JSON.stringify({ took: performance.now() - from, passed: Date.now() - began, at: +new Date(), text: Math.abs(Date.parse(Date()) - Date.now()) < 60_000_000,
        same: new Date(0).constructor === Date && new Date(0) instanceof Date && new Date(5).getTime() === 5 && new Date(2020, 0).getFullYear() === 2020 })), 50_000);`;
    const before = now();
    const said = JSON.parse(execFileSync(process.execPath, [...preload('dates and timers'), '-e', code]).toString()) as { took: number; passed: number; at: number; text: boolean; same: boolean };
    expect(said).toMatchObject({ text: true, same: true });
    expect(said.took).toBeLessThan(5_000);
    expect(said.passed).toBeGreaterThanOrEqual(49_000);
    expect(said.at).toBeGreaterThanOrEqual(before);
    expect(said.at).toBeLessThanOrEqual(now());
  });

  it('leaves an engine the few milliseconds in which it looks around: a queue asked without a wait has looked before it answers', () => {
    const code = `
      let looks = 0;
      const looking = setInterval(() => (looks += 1), 10);
      setTimeout(() => (clearInterval(looking), console.log(looks)), 40);`;
    expect(Number(execFileSync(process.execPath, [...virtualClock(1000).preload('dates and timers'), '-e', code]).toString())).toBeGreaterThanOrEqual(1);
  });

  it('shortens the deadlines of calls where asked, but not below what a busy machine needs', () => {
    const code = `
      const from = performance.now();
      const after = (ms) => new Promise((resolve) => AbortSignal.timeout(ms).addEventListener('abort', () => resolve(Math.round(performance.now() - from))));
      const alive = setTimeout(() => undefined, 60_000);
      console.log(JSON.stringify(await Promise.all([after(300), after(10_000)])));
      clearTimeout(alive);`;
    const [short = 0, long = 0] = JSON.parse(execFileSync(process.execPath, [...virtualClock(20).preload('dates and deadlines'), '--input-type=module', '-e', code]).toString()) as number[];
    expect(short).toBeLessThan(2_000);
    expect(long).toBeGreaterThanOrEqual(2_990);
    expect(long).toBeLessThan(9_000);
  });
});
