import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hours, minutes } from '../../../lib/platform/clock.ts';
import { live } from '../../support/mortal.ts';
import { busy, isDirty, notice, truth } from '../../support/readings.ts';
import { startSmallWorld, type Connected, type SmallWorld } from '../../support/small-world.ts';
import { pull } from '../../support/workers.ts';

let world: SmallWorld;
beforeAll(async () => {
  world = await startSmallWorld();
});
afterAll(() => world.close());

type Edit = { readonly kind: 'add' | 'series' | 'move' | 'remove' | 'free' | 'carry' | 'replay' | 'forget'; readonly which: number; readonly hour: number };
const edit: fc.Arbitrary<Edit> = fc.record({ kind: fc.constantFrom('add', 'series', 'move', 'remove', 'free', 'carry', 'replay', 'forget'), which: fc.nat(20), hour: fc.integer({ min: 24, max: 24 * 150 }) });
const batches = fc.array(fc.array(edit, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 });

interface Known {
  readonly id: string;
  readonly calendar: number;
}

/** What a person does; `carry` takes an event to the other calendar at the same hours, `forget` makes the provider forget our cursors. */
function act(ada: Connected, events: Known[], { kind, which, hour }: Edit): void {
  const span = { start: world.clock() + hours(hour), end: world.clock() + hours(hour + 1) };
  const calendar = which % 2;
  const hand = ada.hands[calendar];
  if (kind === 'add' && hand) events.push({ id: hand.add(span), calendar });
  if (kind === 'series' && hand) events.push({ id: hand.addWeekly(span, 3), calendar });
  if (kind === 'forget') (ada.provider === 'google' ? () => world.google.expireSyncTokens() : () => world.microsoft.expireDeltaTokens(ada.account))();
  if (kind === 'replay') Object.assign(world.microsoft.behaviour, { replays: 0.5, shuffled: true, emptyPages: 0.3 });
  const at = events.length === 0 ? -1 : which % events.length;
  const known = events[at];
  if (!known) return;
  const owner = ada.hands[known.calendar];
  if (kind === 'move') owner?.move(known.id, span);
  if (kind === 'free') owner?.change(known.id, ada.provider === 'google' ? { transparency: 'transparent' } : { showAs: 'free' });
  if (kind !== 'remove' && kind !== 'carry') return;
  const there = owner?.standing().find(({ id }) => id === known.id);
  owner?.remove(known.id);
  events.splice(at, 1);
  const other = 1 - known.calendar;
  if (kind === 'carry' && there && ada.hands[other]) events.push({ id: ada.hands[other].add({ start: there.start, end: there.end }), calendar: other });
}

describe.each(['google', 'microsoft'] as const)('whatever people do at %s', (provider) => {
  it('no interval that is true before and after is ever missing, and at the end the rows are the truth', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (all) => {
        const ada = await world.connect(provider, { calendars: [{ blocks: true, receives: true }, { blocks: true, receives: false }] });
        const events: Known[] = [];
        await pull(world, ada.id);
        for (const batch of all) {
          const before = await truth(world, ada);
          for (const one of batch) act(ada, events, one);
          world.advance(minutes(1));
          const after = new Set(await truth(world, ada));
          const mustStay = before.filter((span) => after.has(span));
          const missing: string[] = [];
          const watched = live(undefined, {
            after: async (what) => {
              if (what !== 'PutItem busy-intervals') return;
              const rows = new Set(await busy(world, ada));
              missing.push(...mustStay.filter((span) => !rows.has(span)));
            },
          });
          await notice(world, ada);
          await pull(world, ada.id, watched);
          expect(missing).toEqual([]);
          for (let tries = 0; tries < 3 && (await isDirty(world, ada)); tries += 1) {
            world.advance(minutes(6));
            await pull(world, ada.id);
          }
          expect(await busy(world, ada)).toEqual(await truth(world, ada));
        }
        Object.assign(world.microsoft.behaviour, { replays: 0, shuffled: false, emptyPages: 0.1 });
      }),
      { numRuns: 20, seed: 20_260_327 },
    );
  }, 60_000);
});
