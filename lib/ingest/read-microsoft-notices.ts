// Graph's push: a validation handshake, or JSON with items of many subscriptions, each judged by its own clientState.
// https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
import { parseJson } from '../platform/messages.ts';
import { verifyWatchToken } from '../platform/watch-token.ts';
import type { RawRequest } from './raw-request.ts';
import { digestOf, keyOf, largestBody, rejected, slots, type Notice, type Reading } from './reading.ts';

const lifecycleEvents = new Set(['missed', 'subscriptionRemoved', 'reauthorizationRequired']);
const changeTypes = new Set(['created', 'updated', 'deleted']);
/** Graph's are GUIDs; one travels in the hint, so it is bounded. */
const longestSubscriptionId = 256;
const utf8 = new TextDecoder('utf-8', { fatal: true });

type Fields = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export function readMicrosoftNotices({ query, body }: RawRequest): Reading {
  const validationToken = query.get('validationToken');
  if (validationToken !== null) return handshake(validationToken);
  if (body.length > largestBody) return rejected('too_large');

  const value = fieldsOf(parseBody(body))['value'];
  if (!Array.isArray(value) || value.length === 0) return rejected('malformed');
  // One by one: Graph never repeats a POST refused with 4xx, so an item that we can't read must not cost the others theirs.
  const notices = value.map((item) => readItem(fieldsOf(item))).filter((notice) => notice !== undefined);
  return notices.length === 0 ? rejected('malformed') : { kind: 'notices', signed: body, notices };
}

/** The token is echoed in plain text: bounded, and nothing that a browser could run. */
function handshake(token: string): Reading {
  const harmless = token.length > 0 && Buffer.byteLength(token) <= 1024 && !/[\p{Cc}<>]/u.test(token);
  return harmless ? { kind: 'handshake', echo: token } : rejected('malformed');
}

function parseBody(body: Buffer): unknown {
  try {
    return parseJson(utf8.decode(body));
  } catch {
    return undefined; // not UTF-8
  }
}

function readItem(item: Fields): Notice | undefined {
  const subscriptionId = textOf(item['subscriptionId']);
  const lifecycle = lifecycleEvents.has(textOf(item['lifecycleEvent']));
  const changeType = textOf(item['changeType']);
  if (subscriptionId === '' || subscriptionId.length > longestSubscriptionId || !(lifecycle || changeTypes.has(changeType))) return undefined;

  const clientState = textOf(item['clientState']);
  const resource = fieldsOf(item['resourceData']);
  const [id, etag] = [textOf(resource['id']), textOf(resource['@odata.etag'])];
  const digest = digestOf(subscriptionId, changeType, id, etag);
  const tellable = !lifecycle && id !== '' && etag !== '';
  return {
    verify: (ring) => verifyWatchToken(ring, 'microsoft', clientState),
    ...(tellable && { dedupe: { slot: digest.readUInt32BE(8) % slots, key: keyOf(digest) } }),
    watchDue: lifecycle,
    watch: { id: subscriptionId },
  };
}
