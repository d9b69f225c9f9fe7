// Webhook deliveries as the calendar providers make them, for connections that a local run watches.
import { createHash, randomUUID } from 'node:crypto';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import type { Connection } from '../../lib/platform/connections.ts';
import type { Outputs } from '../../infra/local/outputs.ts';
import { eventually } from './eventually.ts';

export interface Delivery {
  readonly path: `/webhooks/${CalendarProvider}`;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A Google channel that lives, or any other that our token vouches for. */
export interface GoogleChannel {
  readonly id: string;
  readonly resourceId: string;
  readonly token: string;
}

export interface GraphSubscription {
  readonly id: string;
  readonly clientState: string;
}

export const googleNotice = ({ id, resourceId, token }: GoogleChannel, number: number): Delivery => ({
  path: '/webhooks/google',
  headers: {
    'x-goog-channel-id': id,
    'x-goog-channel-token': token,
    'x-goog-message-number': String(number),
    'x-goog-resource-id': resourceId,
    'x-goog-resource-state': 'exists',
    'x-goog-resource-uri': `https://www.googleapis.com/calendar/v3/calendars/x/events?alt=json`,
  },
});

/** `n` tells one change from another: its event and etag. */
export function graphNotice({ id, clientState }: GraphSubscription, n: number): Delivery {
  const event = createHash('sha256').update(`event ${n}`).digest('base64url');
  const item = {
    subscriptionId: id,
    subscriptionExpirationDateTime: '2099-01-01T00:00:00Z',
    clientState,
    tenantId: randomUUID(),
    changeType: 'updated',
    resource: `Users/${id}/Events/${event}`,
    resourceData: { '@odata.type': '#Microsoft.Graph.Event', '@odata.id': `Users/${id}/Events/${event}`, '@odata.etag': `W/"${createHash('sha256').update(`etag ${n}`).digest('base64')}"`, id: event },
  };
  return { path: '/webhooks/microsoft', headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify({ value: [item] }) };
}

export interface Answer {
  readonly status: number;
  readonly reason?: string;
}

/** Posts it to the run's HTTP API. */
export async function deliver({ apiUrl }: Pick<Outputs, 'apiUrl'>, { path, headers, body }: Delivery): Promise<Answer> {
  const answer = await fetch(apiUrl + path, { method: 'POST', headers, ...(body !== undefined && { body }) });
  const text = await answer.text();
  return { status: answer.status, ...(text.startsWith('{') && { reason: String((JSON.parse(text) as { reason?: unknown }).reason) }) };
}

/** As both senders do it: what was answered 503, since no more than so many are served at once, comes again. */
export async function deliverUntilTaken(outputs: Pick<Outputs, 'apiUrl'>, delivery: Delivery): Promise<Answer> {
  return eventually('the delivery is taken', async () => {
    const answer = await deliver(outputs, delivery);
    return answer.status !== 503 && answer;
  });
}

/** The channel that the simulated Google keeps for a connection that is watched. */
export async function channelOf({ simulators }: Pick<Outputs, 'simulators'>, { connection_id, watches }: Connection): Promise<GoogleChannel> {
  const channels = (await (await fetch(`${simulators.google}/_sim/channels`)).json()) as GoogleChannel[];
  const found = channels.find(({ id }) => watches.some((watch) => watch.id === id));
  if (found === undefined) throw new Error(`No channel of ${connection_id} lives.`);
  return found;
}

/** The subscription that the simulated Graph keeps for a connection that is watched. */
export async function subscriptionOf({ simulators }: Pick<Outputs, 'simulators'>, { connection_id, watches }: Connection): Promise<GraphSubscription> {
  const subscriptions = (await (await fetch(`${simulators.graph}/_sim/subscriptions`)).json()) as GraphSubscription[];
  const found = subscriptions.find(({ id }) => watches.some((watch) => watch.id === id));
  if (found === undefined) throw new Error(`No subscription of ${connection_id} lives.`);
  return found;
}

/** What befalls the notices of a simulator from now on: `drop: 1` silences it. */
export async function weather(simulator: string, change: { drop?: number; double?: number; delayMs?: readonly [number, number] }): Promise<void> {
  await fetch(`${simulator}/_sim/notices/weather`, { method: 'POST', body: JSON.stringify(change) });
}
