// What npm test holds of the crash points at one calendar provider; `npm run faults -- --points` tells each story in every way.
import { afterAll, describe, expect, it } from '@jest/globals';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { distinctFates, enumerate, type Enumerated } from './crash-points.ts';
import type { Fate, Point } from './outside.ts';
import { scenarios } from './scenarios.ts';

/** Each call in one of the ways in which it may fail, taken in turn; of the reads whose answer is lost, one of each kind. */
export const sampleOf = (points: readonly Point[]): Fate[] => {
  const seen = new Set<string>();
  const ways = new Map<number, Fate[]>();
  for (const fate of distinctFates(points)) ways.set(fate.at, [...(ways.get(fate.at) ?? []), fate]);
  return [...ways].flatMap(([at, each]) => {
    const point = points[at - 1];
    const kind = `${point?.name} ${point?.what}`;
    if (point?.reads && seen.has(kind)) return [];
    seen.add(kind);
    return each[at % each.length] ?? [];
  });
};

export function everyPoint(provider: CalendarProvider): void {
  const told: Enumerated[] = [];
  describe(`at ${provider}, whichever call of it a process dies in, loses the answer of, makes twice, or whose effect comes late`, () => {
    it.each(scenarios)('$name: all comes out as it must, and no reader ever sees a true interval missing or two events', async (scenario) => {
      const { about } = scenario;
      const end = await enumerate(provider, scenario, { fates: (points) => sampleOf(points).filter(({ at }) => about?.includes(points[at - 1]?.name ?? '') ?? true) });
      told.push(end);
      expect(end.wrong).toEqual([]);
      expect(end.points).toBeGreaterThan(20);
    }, 60_000);
    afterAll(() => {
      const sum = (of: (one: Enumerated) => number): number => told.reduce((total, one) => total + of(one), 0);
      console.info(`${provider}: ${sum(({ points }) => points)} crash points in ${told.length} stories, told ${sum(({ runs }) => runs)} times.`);
    });
  });
}
