// Deliveries as API Gateway hands them over, signed by the real algorithm. A bad one is one override.
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { createHash } from 'node:crypto';
import { parseKeyRing, type KeyRing } from '../../lib/platform/key-ring.ts';
import { signWatchToken } from '../../lib/platform/watch-token.ts';

/** 32 bytes in base64, the same for the same name. */
export const aSecret = (name: string): string => createHash('sha256').update(name).digest('base64');

const document = [{ id: 'k1', secret: aSecret('k1'), signsFrom: '2026-01-01T00:00:00Z' }];
export const keyRing: { readonly document: typeof document; readonly ring: KeyRing } = { document, ring: parseKeyRing({ keys: document }) };
const signedAt = Date.parse('2026-02-01T00:00:00Z');

/** A POST to one of the webhooks. */
export function aPost(provider: 'google' | 'microsoft', overrides: Partial<APIGatewayProxyEventV2> = {}): APIGatewayProxyEventV2 {
  const rawPath = `/webhooks/${provider}`;
  return {
    version: '2.0',
    routeKey: `POST ${rawPath}`,
    rawPath,
    rawQueryString: '',
    headers: {},
    requestContext: {
      accountId: '123456789012', apiId: 'api', domainName: 'api.example', domainPrefix: 'api', requestId: 'r', routeKey: `POST ${rawPath}`, stage: '$default', time: '02/Mar/2026:09:00:00 +0000', timeEpoch: 0,
      http: { method: 'POST', path: rawPath, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: '' },
    },
    isBase64Encoded: false,
    ...overrides,
  };
}

export interface GoogleNotice {
  readonly connectionId: string;
  readonly channelId?: string;
  readonly messageNumber?: number | string;
  readonly state?: string;
  readonly resourceId?: string;
  readonly token?: string;
  readonly ring?: KeyRing;
  /** Headers to add, replace, or (undefined) take away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly event?: Partial<APIGatewayProxyEventV2>;
}

export const googleToken = (connectionId: string, channelId: string, ring: KeyRing = keyRing.ring): string => signWatchToken(ring, { provider: 'google', connectionId, nonce: channelId }, signedAt);

export function aGoogleNotice({ connectionId, channelId = 'channel-1', messageNumber = 1, state = 'exists', resourceId = 'resource-1', token, ring, headers = {}, event = {} }: GoogleNotice): APIGatewayProxyEventV2 {
  const all: Record<string, string | undefined> = {
    'content-length': '0',
    'user-agent': 'APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)',
    'x-goog-channel-id': channelId,
    'x-goog-channel-token': token ?? googleToken(connectionId, channelId, ring),
    'x-goog-message-number': String(messageNumber),
    'x-goog-resource-id': resourceId,
    'x-goog-resource-state': state,
    'x-goog-resource-uri': 'https://www.googleapis.com/calendar/v3/calendars/primary/events?alt=json',
    ...headers,
  };
  const sent = Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
  return aPost('google', { headers: sent, ...event });
}

export interface GraphItem {
  readonly connectionId: string;
  readonly subscriptionId?: string;
  readonly changeType?: string;
  readonly id?: string;
  readonly etag?: string;
  readonly lifecycleEvent?: string;
  readonly ring?: KeyRing;
  /** Members to add, replace, or (undefined) take away. */
  readonly members?: Readonly<Record<string, unknown>>;
}

export const graphState = (connectionId: string, ring: KeyRing = keyRing.ring): string => signWatchToken(ring, { provider: 'microsoft', connectionId, nonce: 'nonce-1' }, signedAt);

/** One member of `value`. An empty `etag` leaves it out. */
export function aGraphItem({ connectionId, subscriptionId = 'subscription-1', changeType = 'updated', id = 'event-1', etag = 'W/"e1"', lifecycleEvent, ring, members = {} }: GraphItem): Record<string, unknown> {
  const common = { subscriptionId, clientState: graphState(connectionId, ring), subscriptionExpirationDateTime: '2026-03-08T09:00:00Z', tenantId: 'tenant-1' };
  const item = lifecycleEvent === undefined
    ? { ...common, changeType, resource: `Users/u/Events/${id}`, resourceData: { '@odata.type': '#Microsoft.Graph.Event', id, ...(etag !== '' && { '@odata.etag': etag }) } }
    : { ...common, lifecycleEvent };
  return { ...item, ...members };
}

export const aGraphPost = (...items: readonly GraphItem[]): APIGatewayProxyEventV2 => graphBody(JSON.stringify({ value: items.map(aGraphItem) }));
export const graphBody = (body: string, event: Partial<APIGatewayProxyEventV2> = {}): APIGatewayProxyEventV2 => aPost('microsoft', { headers: { 'content-type': 'application/json' }, body, ...event });
