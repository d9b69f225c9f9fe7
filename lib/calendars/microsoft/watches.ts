import type { Clock } from '../../platform/clock.ts';
import { minutes } from '../../platform/clock.ts';
import { object, text } from '../json.ts';
import type { Calendars, Watch } from '../port.ts';
import { CalendarError } from '../port.ts';
import type { Answer, GraphCall } from './call.ts';
import { bodyOf, faultOf } from './call.ts';
import { faultCode, isMissing, malformed } from './fault.ts';
import { pagesFrom } from './pages.ts';

export type Watches = Pick<Calendars, 'watch' | 'renew' | 'stop' | 'listWatches'>;

/** 10,080 minutes by the documentation, but 10,070 by what some mailboxes refuse. */
const longestLife = minutes(10_070);

/** Only a subscription made so names events by the ids under which they are stored. */
const immutableIds = { Prefer: 'IdType="ImmutableId"' };

/** An app may watch a mailbox's messages or contacts too; the owner's name may stand where we said `me`. */
const isOfEvents = (row: unknown): boolean => /^\/?(?:me|users\/[^/]+)\/events$/i.test(text(object(row)['resource']) ?? '');

function readSubscription(body: unknown): Watch {
  const subscription = object(body);
  const [id, expiresAt] = [text(subscription['id']), Date.parse(text(subscription['expirationDateTime']) ?? '')];
  if (id === undefined || Number.isNaN(expiresAt)) throw malformed('subscription');
  return { id, expiresAt };
}

/** What a refusal of a subscription means beyond what it means elsewhere. */
function refusal(answer: Answer): CalendarError {
  const { status, body } = answer;
  const fault = faultOf(answer);
  if (status === 409) return new CalendarError('watch_exists', { status, reason: fault.reason });
  if (status !== 403 || fault.kind === 'grant_dead') return fault;
  // A mailbox bears 1,000 subscriptions of all apps together; that this is meant only the message says.
  const mayNot = faultCode(body) === 'erroraccessdenied' || faultCode(body) === 'accessdenied';
  return new CalendarError(mayNot ? 'unwatchable' : 'throttled', { status, reason: fault.reason, retryAfterMs: fault.retryAfterMs });
}

/** Subscriptions to all events of the mailbox. Graph asks the address for an echo before it answers. */
export function watches(call: GraphCall, { graphUrl, clock }: { graphUrl: string; clock: Clock }): Watches {
  const expiry = (expiresAt: number): string => new Date(Math.min(expiresAt, clock() + longestLife)).toISOString();
  const path = ({ id }: Watch): string => `/subscriptions/${encodeURIComponent(id)}`;
  return {
    watch: async (_calendar, { secret, address, expiresAt }) => {
      const body = {
        changeType: 'created,updated,deleted',
        resource: '/me/events',
        notificationUrl: address,
        // Cannot be added later.
        lifecycleNotificationUrl: address,
        clientState: secret,
        expirationDateTime: expiry(expiresAt),
      };
      const answer = await call({ method: 'post', url: '/subscriptions', headers: immutableIds, body });
      if (answer.status >= 400) throw refusal(answer);
      return readSubscription(bodyOf(answer));
    },
    renew: async (watch, expiresAt) => {
      const answer = await call({ method: 'patch', url: path(watch), body: { expirationDateTime: expiry(expiresAt) } });
      return isMissing(answer) ? 'gone' : readSubscription(bodyOf(answer));
    },
    stop: async (watch) => {
      const answer = await call({ method: 'delete', url: path(watch) });
      if (!isMissing(answer)) bodyOf(answer);
    },
    listWatches: async () => {
      const found: Watch[] = [];
      for await (const { rows } of pagesFrom(call, `${graphUrl}/v1.0/subscriptions`)) found.push(...rows.filter(isOfEvents).map(readSubscription));
      return found;
    },
  };
}
