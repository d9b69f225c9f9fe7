// The design that most begin with, to be counted beside ours: one function for each notice, which remembers the delivery, reads the
// connection, decrypts its token, lists the whole calendar and writes every row.
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { openGoogle } from '../../lib/calendars/google/open-google.ts';
import { busyRows } from '../../lib/inbound/busy-rows.ts';
import { listedWindow } from '../../lib/inbound/window.ts';
import { days } from '../../lib/platform/clock.ts';
import { connections } from '../../lib/platform/connections.ts';
import { dynamoDoor } from '../faults/doors.ts';
import { hourSlot } from '../faults/acts.ts';
import type { FaultWorld } from '../faults/fault-world.ts';
import { googleHands } from '../support/hands.ts';

/** Makes its calendar, and gives back the handling of one notice. */
export async function naiveNotice(world: FaultWorld, events: number): Promise<() => Promise<void>> {
  const account = 'naive@google.example';
  const { accessToken } = world.google.addAccount({ email: account, calendars: [{ id: account, timeZone: 'UTC', primary: true }] });
  const hands = googleHands(world.google, { account, calendar: account }, 'UTC');
  for (let n = 0; n < events; n += 1) hands.add(hourSlot(world, 100 + n));
  await world.heard();
  const { named } = world.tables;
  const dynamo = dynamoDoor(world.outside, world.tables);
  const clock = (): number => world.now;
  const session = { connectionId: 'c-1', token: () => Promise.resolve(accessToken), permit: () => Promise.resolve(), endsAt: Infinity, zone: 'UTC' };
  const place = { providerId: 'p-naive', connectionId: 'c-1', calendarId: account, calendarKey: 'naive', calendarProvider: 'google' } as const;
  const rows = busyRows(dynamo, named['busy-intervals']);
  const handle = async (): Promise<void> => {
    const remembered = { connection_id: { S: 'delivery#channel#1' }, part: { S: 'seen' }, expires: { N: String(Math.ceil((world.now + days(4)) / 1000)) } };
    await dynamo.send(new PutItemCommand({ TableName: named['sync-state'], Item: remembered, ConditionExpression: 'attribute_not_exists(connection_id)' }));
    await connections(dynamo, named.connections).get('c-1');
    const window = listedWindow({ back: 1, ahead: 180 }, world.now);
    for await (const page of openGoogle({ apiUrl: world.google.url, clock })(session).everything({ id: account, key: 'naive' }, window)) {
      for (const item of page.items) if (item.kind === 'present') await rows.put(place, { eventId: item.id, start: item.start, end: item.end }, 1);
    }
  };
  return async () => {
    const { error } = await world.invoke('naive', handle);
    if (error !== undefined) throw error;
  };
}
