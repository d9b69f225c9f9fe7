// What every implementation of `Calendars` must do, whatever protocol it speaks.
import { afterEach, beforeEach, describe } from '@jest/globals';
import type { MakeWorld, World } from './calendar-world.ts';
import { keepsItsLimits } from './calendars-limits.ts';
import { readsEvents } from './calendars-reading.ts';
import { watchesCalendars } from './calendars-watching.ts';
import { writesOurEvents } from './calendars-writing.ts';

export type { Faults, Human, HumanEvent, MakeWorld, World } from './calendar-world.ts';

/** Describes the contract for one adapter; each test runs in a world of its own, of two items a page. */
export function calendarsContract(name: string, makeWorld: MakeWorld): void {
  describe(`${name} as calendars`, () => {
    let current: World | undefined;
    beforeEach(async () => {
      current = await makeWorld({ pageSize: 2 });
    });
    afterEach(async () => {
      await current?.close();
    });
    const world = (): World => {
      if (current === undefined) throw new Error('The world is made before each test.');
      return current;
    };
    readsEvents(world);
    writesOurEvents(world);
    keepsItsLimits(world);
    watchesCalendars(world);
  });
}
