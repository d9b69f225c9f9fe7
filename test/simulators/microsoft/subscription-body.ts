// Reads the body of POST /subscriptions as strictly as Graph does.
import type { Json } from './event-body.ts';
import { badRequest } from './graph-failure.ts';

export interface SubscriptionWish {
  readonly resource: string;
  readonly changeType: string;
  readonly clientState: string | null;
  readonly notificationUrl: string;
  readonly lifecycleNotificationUrl: string | null;
  readonly latestSupportedTlsVersion: string;
  readonly expiresAt: number;
}

const invalid = (message: string): Error => badRequest(message, 'ValidationError');
const known = ['changeType', 'notificationUrl', 'lifecycleNotificationUrl', 'resource', 'expirationDateTime', 'clientState', 'latestSupportedTlsVersion', 'includeResourceData'];
const changeTypes = ['created', 'updated', 'deleted'];

/** What is asked for; throws GraphFailure for the first thing refused. */
export function readSubscription(body: Json, now: number): SubscriptionWish {
  const unknown = Object.keys(body).find((name) => !known.includes(name) && !name.startsWith('@odata.'));
  if (unknown !== undefined) throw badRequest(`The property '${unknown}' does not exist on type 'microsoft.graph.subscription'.`);
  if (body['includeResourceData'] === true) throw invalid('encryptionCertificate is required when includeResourceData is true.');
  const changeType = text(body, 'changeType').replaceAll(' ', '');
  if (!changeType.split(',').every((each) => changeTypes.includes(each))) throw invalid('changeType is not valid.');
  const resource = text(body, 'resource').replace(/^\//u, '');
  if (!/^(?:me|users\/[^/]+)\/events$/iu.test(resource)) throw invalid(`Subscriptions are not supported for the resource '${resource}'.`);
  return {
    resource,
    changeType,
    clientState: clientState(body['clientState']),
    notificationUrl: address(text(body, 'notificationUrl')),
    lifecycleNotificationUrl: body['lifecycleNotificationUrl'] === undefined || body['lifecycleNotificationUrl'] === null ? null : address(text(body, 'lifecycleNotificationUrl')),
    latestSupportedTlsVersion: tlsVersion(body['latestSupportedTlsVersion'] ?? 'v1_2'),
    expiresAt: readExpiry(body, now),
  };
}

function text(body: Json, name: string): string {
  const value = body[name];
  if (typeof value !== 'string' || value === '') throw invalid(`${name} is a required property for subscription creation.`);
  return value;
}

function clientState(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || value.length > 128) throw invalid('clientState must not be longer than 128 characters.');
  return value;
}

function tlsVersion(value: unknown): string {
  if (!['v1_0', 'v1_1', 'v1_2', 'v1_3'].includes(String(value))) throw invalid('latestSupportedTlsVersion is not valid.');
  return String(value);
}

/** https, but for this very machine. */
function address(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const here = url !== undefined && url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (!here && url?.protocol !== 'https:') throw invalid('The notification URL must be a valid https URL.');
  return value;
}

/** An instant ahead; throws for anything else. */
export function readExpiry(body: Json, now: number): number {
  const value = text(body, 'expirationDateTime');
  const instant = /T.*(?:Z|[+-]\d\d:\d\d)$/u.test(value) ? Date.parse(value.replace(/(\.\d{3})\d+/u, '$1')) : Number.NaN;
  if (Number.isNaN(instant)) throw badRequest('expirationDateTime is not a valid UTC time.');
  if (instant <= now) throw invalid('Subscription expiration must be in the future.');
  return instant;
}
