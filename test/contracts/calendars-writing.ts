import { describe, expect, it } from '@jest/globals';
import type { DesiredEvent, EventIdentity, WrittenEvent } from '../../lib/calendars/port.ts';
import { hours } from '../../lib/platform/clock.ts';
import { missingEvent } from './calendar-world.ts';
import type { UseWorld, World } from './calendar-world.ts';
import { overlay } from './overlay.ts';

const identityIn = (world: World, overrides: Partial<EventIdentity> = {}): EventIdentity => ({
  connectionId: 'c-contract',
  calendarId: world.calendar.id,
  bookingId: 'b-1',
  generation: 0,
  ...overrides,
});

function wish(world: World, atHour: number, overrides: Partial<DesiredEvent> = {}): DesiredEvent {
  const start = world.clock() + hours(atHour);
  const [from, to] = [new Date(start).toISOString(), new Date(start + hours(1)).toISOString()];
  return { title: 'Haircut', description: 'With Ada', location: 'Room 2', start: from, end: to, zone: world.zone, version: 1, ...overrides };
}

async function created(world: World, identity = identityIn(world)): Promise<WrittenEvent> {
  const answer = await world.open().create(world.calendar, identity, wish(world, 1));
  if (answer.outcome !== 'created') throw new Error('The identity was taken already.');
  return answer.event;
}

function creates(use: UseWorld): void {
  it('creates the event of a booking as a person will see it, and marks it as ours', async () => {
    const world = use();
    const identity = identityIn(world);
    const event = await created(world);
    const start = world.clock() + hours(1);
    expect(await world.human.see(event.id)).toMatchObject({ title: 'Haircut', description: 'With Ada', location: 'Room 2', start, end: start + hours(1) });
    const found = await world.open().read(world.calendar, event.id);
    expect(found).toMatchObject({ ...event, cancelled: false, start, end: start + hours(1) });
    expect(found?.mark).toEqual({ bookingId: 'b-1', generation: 0, version: 1 });
    expect([undefined, event.id]).toContain(world.open().predictedId(identity));
  });

  it('shows in a list that the event may be ours', async () => {
    const world = use();
    const { id } = await created(world);
    const { items } = await overlay(world.open().everything(world.calendar, world.window));
    expect(items.get(id)?.ours ?? items.get(id)?.transactionId).toBeDefined();
  });

  it('makes no second event when the same is created twice, whether it is told as taken or as made', async () => {
    const world = use();
    const { id } = await created(world);
    const again = await world.open().create(world.calendar, identityIn(world), wish(world, 1));
    expect(again.outcome === 'exists' ? [undefined, id] : [id]).toContain(again.outcome === 'exists' ? again.eventId : again.event.id);
    expect(await world.human.count()).toBe(1);
  });

  it('finds the identity taken when it is created again with another content, and leaves the event as it is', async () => {
    const world = use();
    const { id } = await created(world);
    const again = await world.open().create(world.calendar, identityIn(world), wish(world, 5, { title: 'Shave', version: 2 }));
    expect(again.outcome).toBe('exists');
    expect([undefined, id]).toContain(again.outcome === 'exists' ? again.eventId : 'created');
    expect(await world.human.see(id)).toMatchObject({ title: 'Haircut', start: world.clock() + hours(1) });
    expect(await world.human.count()).toBe(1);
  });

  it('makes another event for another generation', async () => {
    const world = use();
    const first = await created(world);
    const second = await created(world, identityIn(world, { generation: 1 }));
    expect(second.id).not.toBe(first.id);
  });

  it('finds the event whose answer was lost, and creates it no second time', async () => {
    const world = use();
    world.faults.loseAnswer();
    const lost = world.open().create(world.calendar, identityIn(world), wish(world, 1));
    await expect(lost).rejects.toMatchObject({ name: 'CalendarError', kind: 'unavailable' });
    const found = await world.open().find(world.calendar, identityIn(world));
    expect(found).toMatchObject({ cancelled: false, mark: { bookingId: 'b-1', generation: 0, version: 1 } });
    const again = await world.open().create(world.calendar, identityIn(world), wish(world, 1));
    expect(again.outcome === 'created' ? again.event.id : found?.id).toBe(found?.id);
    expect(await world.human.count()).toBe(1);
  });

  it('finds nothing alive where there is nothing, or where a person deleted it', async () => {
    const world = use();
    expect(await world.open().find(world.calendar, identityIn(world))).toBeUndefined();
    expect(await world.open().read(world.calendar, missingEvent(world))).toBeUndefined();
    const { id } = await created(world);
    await world.human.remove(id);
    expect((await world.open().find(world.calendar, identityIn(world)))?.cancelled ?? true).toBe(true);
    expect((await world.open().read(world.calendar, id))?.cancelled ?? true).toBe(true);
  });
}

function updates(use: UseWorld): void {
  it('moves the event in place, keeps its iCalendar id, and takes away text that is not wished any more', async () => {
    const world = use();
    const event = await created(world);
    const { description: _gone, location: _too, ...bare } = wish(world, 5, { title: 'Shave', version: 2 });
    const answer = await world.open().update(world.calendar, event.id, identityIn(world), bare, event.etag);
    expect(answer).toMatchObject({ outcome: 'updated', event: { id: event.id, icalUid: event.icalUid } });
    expect(answer.outcome === 'updated' && answer.event.etag !== event.etag).toBe(true);
    const seen = await world.human.see(event.id);
    expect(seen).toMatchObject({ title: 'Shave', start: world.clock() + hours(5), end: world.clock() + hours(6) });
    expect([seen?.description ?? '', seen?.location ?? '']).toEqual(['', '']);
    expect((await world.open().read(world.calendar, event.id))?.mark).toEqual({ bookingId: 'b-1', generation: 0, version: 2 });
    expect(await world.human.count()).toBe(1);
  });

  it('does not overwrite what changed since the etag was read, and does without one', async () => {
    const world = use();
    const event = await created(world);
    const moved = { start: world.clock() + hours(7), end: world.clock() + hours(8) };
    await world.human.move(event.id, moved);
    const calendars = world.open();
    expect(await calendars.update(world.calendar, event.id, identityIn(world), wish(world, 5), event.etag)).toEqual({ outcome: 'changed' });
    expect(await world.human.see(event.id)).toMatchObject(moved);
    expect(await calendars.update(world.calendar, event.id, identityIn(world), wish(world, 5))).toMatchObject({ outcome: 'updated' });
    expect(await world.human.see(event.id)).toMatchObject({ start: world.clock() + hours(5) });
  });

  it('finds an event gone that a person deleted, and does not bring it back', async () => {
    const world = use();
    const event = await created(world);
    await world.human.remove(event.id);
    const answer = await world.open().update(world.calendar, event.id, identityIn(world), wish(world, 5));
    expect(answer).toEqual({ outcome: 'gone' });
    expect(await world.human.count()).toBe(0);
    expect(await world.open().update(world.calendar, missingEvent(world), identityIn(world), wish(world, 5))).toEqual({ outcome: 'gone' });
  });

  it('removes once, and finds it absent after that', async () => {
    const world = use();
    const { id } = await created(world);
    expect(await world.open().remove(world.calendar, id)).toBe('removed');
    expect(await world.open().remove(world.calendar, id)).toBe('absent');
    expect(await world.open().remove(world.calendar, missingEvent(world))).toBe('absent');
    expect(await world.human.count()).toBe(0);
  });
}

export function writesOurEvents(use: UseWorld): void {
  describe('creating an event of ours', () => {
    creates(use);
  });
  describe('updating and removing an event of ours', () => {
    updates(use);
  });
}
