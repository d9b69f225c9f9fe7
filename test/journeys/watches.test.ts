import { randomUUID } from 'node:crypto';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from '@jest/globals';
import { hours } from '../../lib/platform/clock.ts';
import { eventually } from '../support/eventually.ts';
import { sendJson } from '../support/send-json.ts';
import { withSandbox } from '../support/with-sandbox.ts';

const run = withSandbox();
const email = (name: string, provider: string): string => `${name}@${provider}.example`;
const soon = (hour: number) => ({ start: Math.ceil(Date.now() / hours(1)) * hours(1) + hours(hour), end: Math.ceil(Date.now() / hours(1)) * hours(1) + hours(hour + 1) });

async function channels(account: string): Promise<string[]> {
  const { body } = await sendJson(run().platform.outputs.simulators.google, 'GET', '/_sim/channels');
  return (body as unknown as { id: string; caller: { email: string } }[]).filter(({ caller }) => caller.email === account).map(({ id }) => id);
}

async function subscriptions(account: string): Promise<string[]> {
  const { body } = await sendJson(run().platform.outputs.simulators.graph, 'GET', `/_sim/subscriptions?account=${encodeURIComponent(account)}`);
  return (body as unknown as { id: string }[]).map(({ id }) => id);
}

const becomesBusy = (providerId: string) =>
  eventually('the change', async () => (await run().platform.busy(providerId, soon(0).start, soon(48).end)).busy.length > 0, { withinMs: 30_000 });

describe('watches over the whole run', () => {
  it('a Google channel that rings though no connection names it is stopped', async () => {
    const { platform } = run();
    const name = randomUUID();
    const { connection, person } = await platform.connect({ provider: 'google', providerId: randomUUID(), account: name });
    const account = email(name, 'google');
    const [orphan] = await channels(account);
    // As after a restore: the row names none.
    await platform.dynamo.send(new UpdateItemCommand({ TableName: platform.outputs.tables.connections, Key: { connection_id: { S: connection.connection_id } }, UpdateExpression: 'SET watches = :none REMOVE watches_revision', ExpressionAttributeValues: { ':none': { L: [] } } }));
    await person.add('Dentist', soon(5));
    await becomesBusy(connection.provider_id);
    await eventually('the orphan to be stopped, and a new channel', async () => {
      const live = await channels(account);
      return live.length === 1 && !live.includes(orphan ?? '');
    }, { withinMs: 30_000 });
  }, 70_000);

  it('a subscription that Graph removes is made anew, and what it missed is seen', async () => {
    const { platform } = run();
    const name = randomUUID();
    const { connection, person } = await platform.connect({ provider: 'microsoft', providerId: randomUUID(), account: name });
    const account = email(name, 'microsoft');
    const [before] = await subscriptions(account);
    await sendJson(platform.outputs.simulators.graph, 'POST', '/_sim/lifecycle', { account, event: 'subscriptionRemoved' });
    await person.add('Dentist', soon(5));
    await becomesBusy(connection.provider_id);
    const [after] = await eventually('a new subscription', async () => {
      const live = await subscriptions(account);
      return live.length > 0 && live;
    }, { withinMs: 30_000 });
    expect(after).not.toBe(before);
  }, 70_000);
});
