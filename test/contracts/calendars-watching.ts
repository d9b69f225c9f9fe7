import { describe, expect, it } from '@jest/globals';
import type { WatchRequest } from '../../lib/calendars/port.ts';
import { days, hours } from '../../lib/platform/clock.ts';
import type { NoticeReceiver } from '../support/notice-receiver.ts';
import { receiveNotices } from '../support/notice-receiver.ts';
import type { UseWorld, World } from './calendar-world.ts';

const secret = 'v1.secret-of-this-watch';

const request = (world: World, receiver: NoticeReceiver): WatchRequest => ({
  id: '0f0e0d0c-0b0a-4908-8706-050403020100',
  secret,
  address: receiver.url,
  expiresAt: world.clock() + days(2),
});

const insertSoon = (world: World, hour: number): Promise<string> =>
  world.human.insert({ start: world.clock() + hours(hour), end: world.clock() + hours(hour + 1) });

async function withReceiver(run: (receiver: NoticeReceiver) => Promise<void>): Promise<void> {
  const receiver = await receiveNotices();
  try {
    await run(receiver);
  } finally {
    await receiver.close();
  }
}

function delivers(use: UseWorld): void {
  it('sends a notice with our secret for a change, until it is stopped', async () => {
    const world = use();
    await withReceiver(async (receiver) => {
      const watch = await world.open().watch(world.calendar, request(world, receiver));
      expect(watch.expiresAt).toBeGreaterThan(world.clock());
      await world.noticesSent();
      const before = receiver.notices.length;
      await insertSoon(world, 1);
      const notice = await receiver.first((candidate) => receiver.notices.indexOf(candidate) >= before);
      expect(world.secretOf(notice)).toBe(secret);

      await world.noticesSent();
      await world.open().stop(watch);
      const stopped = receiver.notices.length;
      await insertSoon(world, 3);
      await world.noticesSent();
      expect(receiver.notices).toHaveLength(stopped);
    });
  });

  it('stops what is stopped already, and what never was', async () => {
    const world = use();
    await withReceiver(async (receiver) => {
      const watch = await world.open().watch(world.calendar, request(world, receiver));
      await world.open().stop(watch);
      await expect(world.open().stop(watch)).resolves.toBeUndefined();
      await expect(world.open().stop({ ...watch, id: '11111111-2222-4333-8444-555555555555' })).resolves.toBeUndefined();
    });
  });

  it('renews the same watch, or says that a new one is to be made', async () => {
    const world = use();
    await withReceiver(async (receiver) => {
      const watch = await world.open().watch(world.calendar, request(world, receiver));
      const renewed = await world.open().renew(watch, world.clock() + days(3));
      expect([watch.id, undefined]).toContain(renewed === 'gone' ? 'gone' : renewed?.id);
    });
  });
}

function namesWatches(use: UseWorld): void {
  it('lists the watches that live, or says that the provider has no list of them', async () => {
    const world = use();
    await withReceiver(async (receiver) => {
      const before = await world.open().listWatches();
      if (before !== undefined) expect(before).toEqual([]);
      const watch = await world.open().watch(world.calendar, request(world, receiver));
      const listed = await world.open().listWatches();
      expect([undefined, watch.id]).toContain(listed?.[0]?.id);
      expect(listed?.length ?? 1).toBe(1);
      await world.open().stop(watch);
      expect((await world.open().listWatches()) ?? []).toEqual([]);
    });
  });
}

export function watchesCalendars(use: UseWorld): void {
  describe('watching', () => {
    delivers(use);
    namesWatches(use);
  });
  describe('naming the calendars of the account', () => {
    it('lists them with what can be done with each', async () => {
      const world = use();
      const calendars = await world.open().list();
      expect(calendars.find(({ id }) => id === world.calendar.id)).toMatchObject({ writable: true, primary: true });
      expect(calendars.filter(({ primary }) => primary)).toHaveLength(1);
    });
  });
}
