// Small stories, each of which is told once for every call it makes and every way in which that call may fail.
import { days, minutes } from '../../lib/platform/clock.ts';
import { Setting } from '../../lib/platform/names.ts';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { add, addWeekly, hourSlot, move, publish, remove } from './acts.ts';
import type { FaultWorld, Person } from './fault-world.ts';
import { quiet, tickOnce } from './quiet.ts';

export interface Scenario {
  readonly name: string;
  /** Of this story npm test tells these processes' calls alone, since others tell those of the rest; else of all. */
  readonly about?: readonly string[];
  /** Before the story, in fair weather. Gives back what happens in it. */
  readonly begin: (world: FaultWorld, ada: Person) => Promise<(world: FaultWorld) => Promise<void> | void> | ((world: FaultWorld) => Promise<void> | void);
}

/** One person, connected, read once and watched, with upkeep's first walk behind. */
export async function settled(world: FaultWorld, provider: CalendarProvider): Promise<Person> {
  await tickOnce(world);
  const ada = await world.connect(provider, { calendars: [{ blocks: true, receives: true }, { blocks: true, receives: false }] });
  add(world, { person: ada }, hourSlot(world, 0));
  add(world, { person: ada, calendar: 1 }, hourSlot(world, 1));
  await quiet(world);
  return ada;
}

const booked = async (world: FaultWorld, ada: Person): Promise<void> => {
  publish(world, { id: 'b1', version: 1, providerId: ada.providerId, span: hourSlot(world, 20) });
  await quiet(world);
};
const sync = (world: FaultWorld): Promise<void> => tickOnce(world);

export const scenarios: readonly Scenario[] = [
  {
    name: 'people add, move and delete events, and the webhook tells',
    begin: async (world, ada) => {
      const [moved, gone] = [add(world, { person: ada }, hourSlot(world, 2)), add(world, { person: ada }, hourSlot(world, 3))];
      addWeekly(world, { person: ada, calendar: 1 }, hourSlot(world, 4), 3);
      await quiet(world);
      return () => {
        move(world, { person: ada }, moved, hourSlot(world, 5));
        remove(world, { person: ada }, gone);
        add(world, { person: ada, calendar: 1 }, hourSlot(world, 6));
      };
    },
  },
  {
    name: 'cursors are forgotten (410), and everything is listed anew',
    begin: async (world, ada) => {
      const gone = add(world, { person: ada }, hourSlot(world, 3));
      await quiet(world);
      return () => {
        world.google.expireSyncTokens();
        world.microsoft.expireDeltaTokens();
        remove(world, { person: ada }, gone);
        add(world, { person: ada }, hourSlot(world, 6));
      };
    },
  },
  {
    name: 'a booking is created',
    begin: (_, ada) => (world) => void publish(world, { id: 'b1', version: 1, providerId: ada.providerId, span: hourSlot(world, 20) }),
  },
  {
    name: 'a booking is moved',
    begin: async (world, ada) => {
      await booked(world, ada);
      return () => void publish(world, { id: 'b1', version: 2, providerId: ada.providerId, span: hourSlot(world, 21) });
    },
  },
  {
    name: 'a booking is cancelled',
    begin: async (world, ada) => {
      await booked(world, ada);
      return () => void publish(world, { id: 'b1', version: 2, providerId: ada.providerId, span: hourSlot(world, 20), cancelled: true });
    },
  },
  {
    name: 'a booking is created and cancelled at once',
    begin: (_, ada) => (world) => {
      publish(world, { id: 'b1', version: 1, providerId: ada.providerId, span: hourSlot(world, 20) });
      publish(world, { id: 'b1', version: 2, providerId: ada.providerId, span: hourSlot(world, 20), cancelled: true });
    },
  },
  {
    name: 'a person deletes our event, and a newer version comes',
    begin: async (world, ada) => {
      await booked(world, ada);
      const hands = ada.calendars[0]?.hands;
      const event = hands?.standing().find(({ title }) => title.startsWith('b1'));
      if (!hands || !event) throw new Error('The booking has no event.');
      return () => {
        hands.remove(event.id);
        publish(world, { id: 'b1', version: 2, providerId: ada.providerId, span: hourSlot(world, 22) });
      };
    },
  },
  {
    name: 'a provider with bookings connects late',
    about: ['connect'],
    begin: async (world) => {
      publish(world, { id: 'b1', version: 1, providerId: 'late', span: hourSlot(world, 20) });
      await quiet(world);
      return async ({ people: [ada] }) => {
        add(world, { person: await world.consents(ada?.provider ?? 'google', { providerId: 'late' }) }, hourSlot(world, 7));
      };
    },
  },
  {
    name: 'a second connection adds its busy time',
    about: ['connect'],
    begin: async (world, ada) => {
      await booked(world, ada);
      return async () => {
        add(world, { person: await world.consents(ada.provider, { providerId: ada.providerId }) }, hourSlot(world, 7));
      };
    },
  },
  {
    name: 'another calendar receives',
    about: ['connections'],
    begin: async (world, ada) => {
      await booked(world, ada);
      return async () => {
        const { calendars } = world.model.connections.get(ada.id) ?? { calendars: [] };
        for (const calendar of calendars) calendar.receives = !calendar.receives;
        await world.asks(({ patch }) => patch(ada.id, { calendars: calendars.map(({ id, blocks, receives }) => ({ id, blocks, receives })) }));
      };
    },
  },
  {
    name: 'a token has ended and is renewed',
    begin: (_, ada) => (world) => {
      world.now += minutes(61);
      add(world, { person: ada }, hourSlot(world, 8));
      publish(world, { id: 'b1', version: 1, providerId: ada.providerId, span: hourSlot(world, 20) });
    },
  },
  {
    name: 'watches are renewed, and the window rolls',
    begin: (_, ada) => async (world) => {
      world.set(Setting.jobsEnabled, 'true');
      world.now += days(6);
      await sync(world);
      add(world, { person: ada }, hourSlot(world, 9));
    },
  },
  {
    name: 'a connection leaves, and our events go with it',
    begin: async (world, ada) => {
      await booked(world, ada);
      return async () => {
        world.model.leave(ada.id);
        await world.asks(({ disconnect }) => disconnect(ada.id));
      };
    },
  },
  {
    name: 'a provider is erased',
    about: ['connections', 'booking'],
    begin: async (world, ada) => {
      await booked(world, ada);
      return async () => {
        world.model.erase(ada.providerId);
        await world.asks(({ erase }) => erase(ada.providerId));
      };
    },
  },
  {
    name: 'sync is off while things change, and on again',
    begin: async (world, ada) => {
      world.set(Setting.syncEnabled, 'false');
      world.now += minutes(1);
      await sync(world);
      add(world, { person: ada }, hourSlot(world, 10));
      publish(world, { id: 'b1', version: 1, providerId: ada.providerId, span: hourSlot(world, 20) });
      await quiet(world);
      return async () => {
        world.set(Setting.syncEnabled, 'true');
        world.now += minutes(1);
        await sync(world);
      };
    },
  },
];
