import { UpdateItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from '@jest/globals';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { days, hours, minutes, seconds } from '../../lib/platform/clock.ts';
import { connections, type ConnectionWatch } from '../../lib/platform/connections.ts';
import { Setting } from '../../lib/platform/names.ts';
import { eventually } from '../support/eventually.ts';
import { stateRow } from '../support/inbox-rows.ts';
import { becomesBusy, hour, professional, type Professional } from '../support/journey.ts';
import { sendJson } from '../support/send-json.ts';
import { timePasses } from '../support/time-passes.ts';
import { withSandbox } from '../support/with-sandbox.ts';

// Settings are remembered for up to 30 s, and upkeep comes every minute.
const run = withSandbox({ clock: 10 });
const both = ['google', 'microsoft'] as const;
const root = (provider: CalendarProvider): string => run().platform.outputs.simulators[provider === 'google' ? 'google' : 'graph'];
const control = (provider: CalendarProvider, path: string, body: object, method = 'POST') => sendJson(root(provider), method, `/_sim/${path}`, body);
const pass = ({ connection }: Professional, ms: number): Promise<void> => timePasses(run(), connection.connection_id, ms);

/** Ids of what lives at the calendar provider. */
async function living(provider: CalendarProvider, { email }: Professional): Promise<string[]> {
  const path = provider === 'google' ? '/_sim/channels' : `/_sim/subscriptions?account=${encodeURIComponent(email)}`;
  const all = (await sendJson(root(provider), 'GET', path)).body as unknown as { id: string; caller?: { email: string } }[];
  return all.filter(({ caller }) => caller === undefined || caller.email === email).map(({ id }) => id);
}

async function watchesOf({ connection }: Professional): Promise<readonly ConnectionWatch[]> {
  const { dynamo, outputs } = run().platform;
  return (await connections(dynamo, outputs.tables.connections).get(connection.connection_id))?.watches ?? [];
}

/** What the last pull left: busy time is seen before the pull that found it is over. */
const pullRow = ({ connection }: Professional): Promise<Record<string, AttributeValue>> =>
  eventually('nobody at work on the row', async () => {
    const row = await stateRow(run().platform, connection.connection_id, 'pull');
    return Number(row['leaseUntil']?.N ?? 0) <= run().sandbox.clock.now() && row;
  });

/** Nothing but this watch lives there, and the row names it. */
const standsAlone = (provider: CalendarProvider, ada: Professional, fits: (id: string) => boolean): Promise<string> =>
  eventually('one watch, and the row names it', async () => {
    const [[id = '', ...others], rows] = [await living(provider, ada), await watchesOf(ada)];
    return others.length === 0 && rows.length === 1 && rows[0]?.id === id && fits(id) && id;
  });

const all = { start: hour(0).start, end: hour(100).end };
/** A change that no poll would find so soon. */
async function rings(ada: Professional, ...at: readonly [number, ...number[]]): Promise<void> {
  await ada.person.add('Dentist', hour(at.at(-1) ?? 0));
  await becomesBusy(run().platform, ada.providerId, { within: all, at: at.map(hour) });
}
/** The row names no watch: as after a restore. */
const forget = ({ connection }: Professional): Promise<unknown> =>
  run().platform.dynamo.send(
    new UpdateItemCommand({ TableName: run().platform.outputs.tables.connections, Key: { connection_id: { S: connection.connection_id } }, UpdateExpression: 'SET watches = :none REMOVE watches_revision', ExpressionAttributeValues: { ':none': { L: [] } } }),
  );

describe.each(both)('a watch at %s', (provider) => {
  it('is renewed before it ends, and goes on ringing', async () => {
    const ada = await professional(run().platform, provider);
    const [before] = await watchesOf(ada);
    await pass(ada, days(5.7));
    const renewed = await eventually('a watch that lives longer', async () => (await watchesOf(ada)).find(({ expires_at = 0 }) => expires_at > (before?.expires_at ?? 0) - days(1)));
    await standsAlone(provider, ada, (id) => id === renewed.id);
    // Google's are made anew, Graph's go on.
    expect(renewed.id === before?.id).toBe(provider === 'microsoft');
    await rings(ada, 1);
  });

  it('that ended unseen is made anew, and what it missed is found', async () => {
    const ada = await professional(run().platform, provider);
    const [before = ''] = await living(provider, ada);
    await control(provider, 'silence', { id: before });
    await ada.person.add('Dentist', hour(1));
    await pass(ada, days(8));
    await becomesBusy(run().platform, ada.providerId, { within: all, at: [hour(1)] });
    const after = await eventually('another watch', async () => (await watchesOf(ada)).find(({ id, retired }) => id !== before && !retired));
    expect(await living(provider, ada)).toContain(after.id);
    await rings(ada, 1, 2);
  });

  it('that falls silent is found out by a poll and replaced', async () => {
    const ada = await professional(run().platform, provider);
    await rings(ada, 1);
    const [silent = ''] = await living(provider, ada);
    await control(provider, 'silence', { id: silent });
    // A pull that follows a notice may find what that notice told of: it accuses no watch.
    await pass(ada, minutes(2));
    await eventually('the trailing pull', async () => (await pullRow(ada))['dueTrailing'] === undefined);
    // Nor does a pull that something else asked for, as upkeep does for everybody once webhooks are let in.
    let last = 1;
    await eventually('a poll that finds what nobody told of', async () => {
      await ada.person.add('Told by nobody', hour((last += 1)));
      await pass(ada, hours(2));
      await becomesBusy(run().platform, ada.providerId, { within: all, at: Array.from({ length: last }, (_, n) => hour(n + 1)) });
      return (await pullRow(ada))['missedAt'] !== undefined;
    }, { withinMs: 30_000 });
    await pass(ada, minutes(16));
    await eventually('another watch', async () => (await living(provider, ada)).some((id) => id !== silent));
    await standsAlone(provider, ada, (id) => id !== silent);
    await rings(ada, 1, ...Array.from({ length: last }, (_, n) => n + 2));
  });
});

describe('a channel at Google', () => {
  it('that rings though no connection names it is stopped', async () => {
    const ada = await professional(run().platform, 'google');
    const [orphan] = await living('google', ada);
    await forget(ada);
    await rings(ada, 1);
    await standsAlone('google', ada, (id) => id !== orphan);
  });

  it('cannot be had for every calendar: that one is polled', async () => {
    const ada = await professional(run().platform, 'google', { watched: false });
    expect([await living('google', ada), await watchesOf(ada)]).toEqual([[], []]);
    await ada.person.add('Dentist', hour(1));
    await pass(ada, minutes(7));
    await becomesBusy(run().platform, ada.providerId, { within: all, at: [hour(1)] });
    expect(await living('google', ada)).toEqual([]);
  });
});

describe('a subscription at Graph', () => {
  it('that has a twin nobody knows, a 409, makes it go', async () => {
    const ada = await professional(run().platform, 'microsoft');
    const [twin] = await living('microsoft', ada);
    await forget(ada);
    await pass(ada, hours(2));
    await standsAlone('microsoft', ada, (id) => id !== twin);
    await rings(ada, 1);
  });

  it('that Graph removes is made anew, and what it missed is seen', async () => {
    const ada = await professional(run().platform, 'microsoft');
    const [before] = await living('microsoft', ada);
    await control('microsoft', 'lifecycle', { account: ada.email, event: 'subscriptionRemoved' });
    await rings(ada, 1);
    await standsAlone('microsoft', ada, (id) => id !== before);
  });

  it('of which Graph says that it missed something is looked at, and the mailbox read', async () => {
    const ada = await professional(run().platform, 'microsoft');
    const [id = ''] = await living('microsoft', ada);
    await control('microsoft', 'silence', { id });
    await ada.person.add('Told by nobody', hour(1));
    await control('microsoft', 'lifecycle', { account: ada.email, event: 'missed' });
    await becomesBusy(run().platform, ada.providerId, { within: all, at: [hour(1)] });
  });

  it('that asks to be authorized again is, and rings again', async () => {
    const ada = await professional(run().platform, 'microsoft');
    await control('microsoft', 'behaviour', { pausesUntilReauthorized: true }, 'PATCH');
    const [before] = await watchesOf(ada);
    await control('microsoft', 'lifecycle', { account: ada.email, event: 'reauthorizationRequired' });
    await eventually('renewed', async () => (await watchesOf(ada)).some(({ id, expires_at = 0 }) => id === before?.id && expires_at > (before.expires_at ?? 0)));
    await rings(ada, 1);
    await control('microsoft', 'behaviour', { pausesUntilReauthorized: false }, 'PATCH');
  });
});

describe('a new webhook key', () => {
  it('is taken by watches at their next renewal; then the old one may go, and they ring on', async () => {
    const { platform, sandbox } = run();
    const people = await Promise.all(both.map((provider) => professional(platform, provider)));
    const known = async (): Promise<void> => {
      const until = sandbox.clock.now() + seconds(35);
      await eventually('the keys are known to everybody', () => sandbox.clock.now() > until);
    };
    await platform.rotate(Setting.webhookKeys, 'add');
    await known();
    for (const ada of people) {
      await rings(ada, 1);
      await pass(ada, days(5.7));
      await eventually('a watch under the new key alone', async () => (await watchesOf(ada)).every(({ key_id }) => key_id === 'w2'));
    }
    await platform.rotate(Setting.webhookKeys, 'drop old');
    await known();
    for (const ada of people) await rings(ada, 1, 2);
    expect(await Promise.all(people.map(async (ada, n) => (await living(both[n] ?? 'google', ada)).length))).toEqual([1, 1]);
  }, 60_000);
});
