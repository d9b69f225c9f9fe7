// Subscriptions to a mailbox's events: made only after the receiver has answered its handshake, and gone when they expire.
import { minutes } from '../../../lib/platform/clock.ts';
import type { SimResponse } from '../simulator-server.ts';
import { stamp } from './event-json.ts';
import { accessDenied, badRequest, GraphFailure } from './graph-failure.ts';
import { guid } from './guid.ts';
import { shakeHands } from './handshake.ts';
import type { Mailbox } from './mailbox.ts';
import { readExpiry, readSubscription } from './subscription-body.ts';
import { jsonBody } from './world.ts';
import type { GraphRequest, World } from './world.ts';
import type { IdForm } from './event-ids.ts';

export interface Subscription {
  readonly id: string;
  readonly mailbox: Mailbox;
  readonly clientId: string;
  readonly resource: string;
  readonly changeType: string;
  readonly clientState: string | null;
  readonly notificationUrl: string;
  readonly lifecycleNotificationUrl: string | null;
  readonly latestSupportedTlsVersion: string;
  readonly idForm: IdForm;
  expiresAt: number;
  /** Since `reauthorizationRequired`, until renewed. */
  unauthorized: boolean;
  /** It lives, and says nothing any more. */
  silent: boolean;
}

export interface Subscriptions {
  /** Those not expired. */
  alive(): Subscription[];
  remove(id: string): void;
  /** `rest` is the path below /v1.0/subscriptions. */
  handle(request: GraphRequest, rest: string[]): Promise<SimResponse>;
}

const longest = minutes(10_080);
const shortest = minutes(45);

/** The subscriptions of all mailboxes of one simulator. */
export function createSubscriptions(world: World): Subscriptions {
  const all = new Map<string, Subscription>();
  const alive = (): Subscription[] => {
    for (const [id, subscription] of all) if (subscription.expiresAt <= world.clock()) all.delete(id);
    return [...all.values()];
  };
  const book = { all, alive };
  return {
    alive,
    remove: (id) => void all.delete(id),
    handle: async (request, rest) => {
      const [id, verb] = rest;
      const route = `${request.method} ${verb ?? (id === undefined ? 'all' : 'one')}`;
      if (route === 'POST all') return create(request, book);
      if (route === 'GET all') return list(request, alive());
      const found = own(request, alive()).find((subscription) => subscription.id === id);
      if (found === undefined) throw new GraphFailure(404, 'ResourceNotFound', 'The object was not found.');
      if (route === 'GET one') return { status: 200, body: json(request, found) };
      if (route === 'PATCH one') return renew(request, found);
      if (route === 'POST reauthorize') return reauthorize(found);
      if (route !== 'DELETE one') throw badRequest(`Resource not found for the segment '${verb ?? ''}'.`);
      all.delete(found.id);
      return { status: 204 };
    },
  };
}

const own = (request: GraphRequest, all: Subscription[]): Subscription[] => all.filter((each) => each.mailbox === request.mailbox && each.clientId === request.clientId);

async function create(request: GraphRequest, book: { all: Map<string, Subscription>; alive: () => Subscription[] }): Promise<SimResponse> {
  const { world, mailbox } = request;
  const wish = readSubscription(jsonBody(request), world.clock());
  const owner = /^users\/(.+)\/events$/iu.exec(wish.resource)?.[1];
  if (owner !== undefined && owner !== mailbox.oid && owner.toLowerCase() !== mailbox.email.toLowerCase()) throw accessDenied();
  refuseTwin(request, wish, book.alive());
  await shakeHands(world, wish.notificationUrl);
  if (wish.lifecycleNotificationUrl !== null) await shakeHands(world, wish.lifecycleNotificationUrl);
  refuseTwin(request, wish, book.alive());
  const subscription: Subscription = {
    ...wish,
    id: guid(world.random),
    mailbox,
    clientId: request.clientId,
    idForm: request.prefer.idForm,
    expiresAt: bounded(wish.expiresAt, world.clock()),
    unauthorized: false,
    silent: false,
  };
  book.all.set(subscription.id, subscription);
  return { status: 201, headers: { location: `${world.url()}/v1.0/subscriptions/${subscription.id}` }, body: json(request, subscription) };
}

/** Too near is raised silently, too far is cut: the caller must believe what comes back. */
const bounded = (wanted: number, now: number): number => Math.min(Math.max(wanted, now + shortest), now + longest);

function refuseTwin(request: GraphRequest, wish: { resource: string; changeType: string }, all: Subscription[]): void {
  if (!request.world.behaviour.twinSubscriptionsConflict) return;
  const kinds = (text: string): string => text.split(',').sort().join(',');
  const twin = own(request, all).find((each) => each.resource.toLowerCase() === wish.resource.toLowerCase() && kinds(each.changeType) === kinds(wish.changeType));
  if (twin !== undefined) throw new GraphFailure(409, 'ObjectIdentifierInUse', `Subscription Id ${twin.id} already exists for the requested combination`);
}

function renew(request: GraphRequest, subscription: Subscription): SimResponse {
  const body = jsonBody(request);
  const fixed = Object.keys(body).find((name) => name !== 'expirationDateTime');
  if (fixed !== undefined) throw badRequest(`The property '${fixed}' cannot be changed on a subscription.`, 'ValidationError');
  subscription.expiresAt = bounded(readExpiry(body, request.world.clock()), request.world.clock());
  subscription.unauthorized = false;
  return { status: 200, body: json(request, subscription) };
}

function reauthorize(subscription: Subscription): SimResponse {
  subscription.unauthorized = false;
  return { status: 204 };
}

const list = (request: GraphRequest, all: Subscription[]): SimResponse => ({
  status: 200,
  body: { '@odata.context': `${request.world.url()}/v1.0/$metadata#subscriptions`, value: own(request, all).map((each) => describe(each)) },
});

const json = (request: GraphRequest, subscription: Subscription): object => ({ '@odata.context': `${request.world.url()}/v1.0/$metadata#subscriptions/$entity`, ...describe(subscription) });

/** As Graph shows it. */
export const describe = (subscription: Subscription): Record<string, unknown> => ({
  id: subscription.id,
  resource: subscription.resource,
  applicationId: subscription.clientId,
  changeType: subscription.changeType,
  clientState: subscription.clientState,
  notificationUrl: subscription.notificationUrl,
  notificationQueryOptions: null,
  notificationContentType: null,
  lifecycleNotificationUrl: subscription.lifecycleNotificationUrl,
  expirationDateTime: stamp(subscription.expiresAt),
  creatorId: subscription.mailbox.oid,
  includeResourceData: null,
  latestSupportedTlsVersion: subscription.latestSupportedTlsVersion,
  encryptionCertificate: null,
  encryptionCertificateId: null,
  notificationUrlAppId: null,
});
