// Tells subscribers of changes: several items, of several subscriptions and mailboxes, in one POST to one address.
import { setTimeout as wait } from 'node:timers/promises';
import { hours } from '../../../lib/platform/clock.ts';
import { createNotices } from '../notices.ts';
import type { Notices } from '../notices.ts';
import { etag, eventId } from './event-ids.ts';
import { stamp } from './event-json.ts';
import type { ChangeType, Mailbox, Version } from './mailbox.ts';
import type { Subscription } from './subscriptions.ts';
import type { World } from './world.ts';

export const lifecycleEvents = ['missed', 'subscriptionRemoved', 'reauthorizationRequired'] as const;
export type LifecycleEvent = (typeof lifecycleEvents)[number];

export interface ChangeNotices {
  /** The sender below, whose `idle` also waits for what is still being gathered. */
  readonly notices: Notices;
  changed(mailbox: Mailbox, version: Version, type: ChangeType): void;
  lifecycle(subscription: Subscription, event: LifecycleEvent): void;
}

/** No POST has more items than this. */
const mostItems = 100;

/** `alive` gives the subscriptions of the moment. */
export function createChangeNotices(world: World, alive: () => Subscription[]): ChangeNotices {
  const sender = createNotices({
    clock: world.clock,
    random: world.random,
    timeoutMs: (attempt) => (attempt === 1 ? 3000 : 10_000),
    succeeded: (status) => status >= 200 && status < 300,
    retries: (attempt) => retryAfter(attempt, world.behaviour.noticeRetryMs),
  });
  const waiting = new Map<string, object[]>();
  let gathering: Promise<void> | undefined;

  const flush = (): void => {
    for (const [url, items] of waiting) {
      for (let at = 0; at < items.length; at += mostItems) {
        const body = JSON.stringify({ value: items.slice(at, at + mostItems) });
        sender.send({ url, headers: { 'content-type': 'application/json; charset=utf-8' }, body });
      }
    }
    waiting.clear();
    gathering = undefined;
  };
  const add = (url: string, item: object): void => {
    const items = waiting.get(url) ?? [];
    items.push(item);
    waiting.set(url, items);
    gathering ??= wait(world.behaviour.batchMs).then(flush);
  };

  return {
    notices: {
      ...sender,
      idle: async () => {
        await gathering;
        await sender.idle();
      },
    },
    changed: (mailbox, version, type) => {
      // A subscription to /me/events tells of the person's own mailbox alone: https://learn.microsoft.com/graph/outlook-change-notifications-overview
      if (mailbox.calendars.get(version.event.calendarId)?.sharedBy !== undefined) return;
      const times = type === 'updated' ? world.behaviour.noticesPerUpdate : 1;
      for (const subscription of alive().filter((each) => each.mailbox === mailbox && each.changeType.split(',').includes(type))) {
        if (subscription.silent || (subscription.unauthorized && world.behaviour.pausesUntilReauthorized)) continue;
        for (let n = 0; n < times; n += 1) add(subscription.notificationUrl, changeItem(world, { subscription, version, type }));
      }
    },
    lifecycle: (subscription, event) => {
      if (event === 'reauthorizationRequired') subscription.unauthorized = true;
      if (subscription.lifecycleNotificationUrl !== null) add(subscription.lifecycleNotificationUrl, { ...envelope(world, subscription), lifecycleEvent: event });
    },
  };
}

/** Doubles each time; for four hours, then Graph gives up. */
function retryAfter(attempt: number, first: number): number | undefined {
  const delay = first * 2 ** (attempt - 1);
  return delay * 2 > hours(4) ? undefined : delay;
}

const envelope = (world: World, subscription: Subscription): object => ({
  subscriptionId: subscription.id,
  subscriptionExpirationDateTime: expiry(subscription.expiresAt, world.random() < 0.5),
  clientState: subscription.clientState,
  tenantId: subscription.mailbox.tid,
});

/** UTC, or with the offset of whichever machine sent it. */
function expiry(instant: number, elsewhere: boolean): string {
  return elsewhere ? stamp(instant + hours(5.5)).replace('Z', '+05:30') : stamp(instant);
}

function changeItem(world: World, { subscription, version, type }: { subscription: Subscription; version: Version; type: ChangeType }): object {
  const { mailbox } = subscription;
  const id = eventId(mailbox.idPart, { key: version.event.key }, subscription.idForm);
  const shapes = [`Users/${mailbox.oid}/Events/${id}`, `users/${mailbox.oid}@${mailbox.tid}/events/${id}`, `Users('${mailbox.oid}')/events('${id}')`];
  const resource = shapes[Math.floor(world.random() * shapes.length)];
  return {
    ...envelope(world, subscription),
    changeType: type,
    resource,
    resourceData: {
      '@odata.type': '#Microsoft.Graph.Event',
      '@odata.id': resource,
      '@odata.etag': etag(version.event.change),
      id,
    },
  };
}
