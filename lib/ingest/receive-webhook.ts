// The protocol of both webhooks: read → settings → verify each → record each connection in one write → ring → answer.
// What is answered 2xx is durable; what is answered 503 will be sent again.
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { CalendarProvider } from '../calendars/port.ts';
import { BadSetting } from '../platform/bad-setting.ts';
import type { Clock } from '../platform/clock.ts';
import type { HintQueue } from '../platform/hint-queue.ts';
import type { InboundHint } from '../platform/messages.ts';
import { Setting } from '../platform/names.ts';
import type { Settings, SettingsSnapshot } from '../platform/settings.ts';
import { safeReason } from '../platform/telemetry.ts';
import type { Trace } from '../platform/trace.ts';
import type { Delivery, Inbox } from './inbox.ts';
import { rawRequest, type RawRequest } from './raw-request.ts';
import type { Notice, Reading, Refusal } from './reading.ts';
import { relaySigned } from './relay-signature.ts';
import { webhookSecrets, type WebhookSecrets } from './webhook-secrets.ts';

export interface WebhookParts {
  readonly provider: CalendarProvider;
  readonly read: (request: RawRequest) => Reading;
  readonly settings: Settings;
  readonly inbox: Inbox;
  readonly hints: HintQueue<InboundHint>;
  readonly clock: Clock;
  /** Told how each delivery ended; feeds the metrics. */
  readonly told: (outcome: Outcome, more?: ToldMore) => void;
  /** The story of each authentic delivery begins here; what is not authentic costs no line. */
  readonly trace: (delivery: { readonly connectionId: string; readonly watchId: string }) => Trace;
}

export interface ToldMore {
  /** The cause of a 503, when there is one. */
  readonly failure?: unknown;
  /** How many connections were dirty already, so that no hint was sent for them. */
  readonly coalesced?: number;
}

export type Outcome = 'handshake' | 'accepted' | 'duplicate' | Refusal;

const relayHeaders: Record<CalendarProvider, string> = { google: 'x-goog-signature', microsoft: 'x-microsoft-graph-signature' };
/** Graph gives 3 s; a slow endpoint has its notices delayed, then dropped. */
const wholeAnswerMs = 2500;
const writesAtOnce = 10;

interface ForConnection extends Delivery {
  readonly watch: Notice['watch'];
}

export function receiveWebhook(parts: WebhookParts): (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2> {
  return async (event) => {
    // Not AbortSignal.timeout, which nothing stops: each would yet run out, within a later delivery.
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), wholeAnswerMs);
    try {
      return await answer(parts, event, late.signal);
    } finally {
      clearTimeout(timer);
    }
  };
}

async function answer(parts: WebhookParts, event: APIGatewayProxyEventV2, signal: AbortSignal): Promise<APIGatewayProxyStructuredResultV2> {
  const request = rawRequest(event);
  const reading = parts.read(request);
  if (reading.kind === 'handshake') {
    parts.told('handshake');
    return { statusCode: 200, headers: { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' }, body: reading.echo };
  }
  if (reading.kind === 'rejected') return refuse(parts, reading.reason);

  const snapshot = await parts.settings.read();
  const webhooks = snapshot.flag(Setting.webhookEnabled);
  if (webhooks === 'closed') return refuse(parts, 'webhooks_off');
  const secrets = webhookSecrets(snapshot);
  if (webhooks === 'unknown') return refuse(parts, 'unknown_settings');
  if (!secrets) return refuse(parts, 'unknown_settings', new BadSetting(Setting.webhookKeys));

  const relay = secrets.relay[parts.provider];
  if (relay && !relaySigned(relay, reading.signed, request.headers[relayHeaders[parts.provider]])) return refuse(parts, 'not_authentic');

  const { allowed, refused } = judge(reading.notices, secrets, snapshot);
  if (allowed.length === 0) return refuse(parts, refused);
  return settle(parts, await recordAll(parts, allowed, signal), refused);
}

/** Which connections the authentic and allowlisted notices are for; and how to answer where none of them counts. */
function judge(notices: readonly Notice[], { ring }: WebhookSecrets, snapshot: SettingsSnapshot): { allowed: ForConnection[]; refused: 'not_allowlisted' | 'not_authentic' } {
  const byConnection = new Map<string, Notice[]>();
  let refused: 'not_allowlisted' | 'not_authentic' = 'not_authentic';
  for (const notice of notices) {
    const watch = notice.verify(ring);
    if (!watch) continue;
    if (snapshot.allows(Setting.connectionAllowlist, watch.connectionId) !== 'open') refused = 'not_allowlisted';
    else byConnection.set(watch.connectionId, [...(byConnection.get(watch.connectionId) ?? []), notice]);
  }
  const allowed = [...byConnection].map(([connectionId, items]) => ({
    connectionId,
    dedupes: items.flatMap(({ dedupe }) => (dedupe ? [dedupe] : [])),
    neverDuplicate: items.some(({ dedupe }) => dedupe === undefined),
    watchDue: items.some(({ watchDue }) => watchDue),
    watch: items[0]?.watch ?? { id: '' },
  }));
  return { allowed, refused };
}

type Durability = 'accepted' | 'coalesced' | 'duplicate' | 'gone' | { readonly failure: unknown };

async function recordAll(parts: WebhookParts, deliveries: readonly ForConnection[], signal: AbortSignal): Promise<Durability[]> {
  const ends: Durability[] = [];
  for (let at = 0; at < deliveries.length; at += writesAtOnce) {
    ends.push(...(await Promise.all(deliveries.slice(at, at + writesAtOnce).map((delivery) => recordOne(parts, delivery, signal)))));
  }
  return ends;
}

/** Record, then ring: a crash between the two is healed by the sender's retry (hinted again) and by upkeep. */
async function recordOne({ inbox, hints, clock, trace }: WebhookParts, delivery: ForConnection, signal: AbortSignal): Promise<Durability> {
  const { correlation, log } = trace({ connectionId: delivery.connectionId, watchId: delivery.watch.id });
  try {
    const recorded = await inbox.record(delivery, clock(), signal);
    const hinted = recorded.outcome !== 'gone' && recorded.ring;
    if (hinted) await hints.send({ v: 1, hint: 'pull', connection_id: delivery.connectionId, watch: delivery.watch, correlation }, 0, signal);
    log.info('notice', { outcome: recorded.outcome, hinted });
    if (recorded.outcome === 'gone') return 'gone';
    return recorded.outcome === 'accepted' && !recorded.ring ? 'coalesced' : recorded.outcome;
  } catch (failure) {
    log.warn('notice', { outcome: 'not_durable', reason: safeReason(failure) });
    return { failure };
  }
}

function settle(parts: WebhookParts, ends: readonly Durability[], refused: 'not_allowlisted' | 'not_authentic'): APIGatewayProxyStructuredResultV2 {
  const failed = ends.find((end) => typeof end === 'object');
  if (failed) return refuse(parts, 'not_durable', failed.failure);
  const coalesced = ends.filter((end) => end === 'coalesced').length;
  if (coalesced > 0 || ends.includes('accepted')) {
    parts.told('accepted', { coalesced });
    return { statusCode: 202 };
  }
  if (ends.includes('duplicate')) {
    parts.told('duplicate');
    return json(200, { reason: 'duplicate' });
  }
  return refuse(parts, refused);
}

const statuses: Record<Refusal, number> = {
  too_large: 413,
  malformed: 400,
  unknown_settings: 503,
  not_durable: 503,
  webhooks_off: 403,
  not_allowlisted: 403,
  not_authentic: 401,
};

/** The sender sees a bare status; the reason is for our metrics alone. */
function refuse(parts: WebhookParts, reason: Refusal, failure?: unknown): APIGatewayProxyStructuredResultV2 {
  parts.told(reason, { failure });
  return { statusCode: statuses[reason] };
}

const json = (statusCode: number, body: object): APIGatewayProxyStructuredResultV2 => ({ statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
