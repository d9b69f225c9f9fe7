// Requests to every route of the HTTP API, as strangers, broken clients and half-right ones would make them.
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import fc from 'fast-check';
import type { FunctionName } from '../../lib/platform/names.ts';
import { aGoogleNotice, aGraphItem, aPost } from '../support/notices.ts';
import { altered, junkBody, junkJson, junkText, sentAs, type Body } from './hostile-junk.ts';
import { genuine } from './hostile-world.ts';

export interface Request {
  readonly fn: FunctionName;
  readonly event: APIGatewayProxyEventV2;
  /** It holds all that a valid one holds, or asks for nothing but an answer: it may be answered 2xx, and then may have an effect. */
  readonly mayPass: boolean;
  /** A consent is begun for it: `@@START@@`, `@@STATE@@` and `@@COOKIE@@` stand for what its person holds. */
  readonly begins?: 'google' | 'microsoft';
}

interface Asking {
  readonly routeKey: string;
  readonly fn: FunctionName;
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: Body;
  readonly cookies?: readonly string[];
}

function request({ routeKey, fn, path = {}, query = '', body, cookies }: Asking): APIGatewayProxyEventV2 & { fn: FunctionName } {
  const [method = 'GET', pattern = ''] = routeKey.split(' ');
  const rawPath = pattern.replace(/\{(\w+)\}/g, (_, name: string) => path[name] ?? '');
  const event = aPost('google', { routeKey, rawPath, rawQueryString: query, ...(Object.keys(path).length > 0 && { pathParameters: path }), ...(cookies && { cookies: [...cookies] }), ...body });
  return { ...event, fn, requestContext: { ...event.requestContext, routeKey, http: { ...event.requestContext.http, method, path: rawPath } } };
}

/** What a URL can carry: the gateway decodes UTF-8, which knows no lone surrogates. */
const inUrl = junkText.map((text) => text.toWellFormed());
const idOr = (...known: string[]) => fc.oneof({ weight: 1, arbitrary: fc.constantFrom(...known) }, { weight: 3, arbitrary: inUrl.filter((text) => text !== '') });
const queryOf = (...names: string[]): fc.Arbitrary<string> =>
  fc.array(fc.tuple(fc.constantFrom(...names, '__proto__', 'x'), fc.oneof(inUrl.map(encodeURIComponent), inUrl, fc.constantFrom('true', 'false', '1', '100', '2026-03-01T09:00:00Z', '2026-03-02T09:00:00%2B01:00'))), { maxLength: 4 }).map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&'));
/** A good question, of which one part may be strange. */
const questions: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom('from', 'to', 'neither', 'both'), inUrl.map(encodeURIComponent), fc.constantFrom('2026-03-01T09:00:00Z', '2026-03-01T10:00:00%2B01:00', '2026-03-01T10:00:00 01:00', '0000-01-01T00:00:00Z'), fc.constantFrom('2026-03-02T09:00:00Z', '9999-12-31T23:59:59-23:59', '2027-03-03T00:00Z'))
  .map(([strange, junk, from, to]) => `from=${strange === 'from' || strange === 'both' ? junk : from}&to=${strange === 'to' || strange === 'both' ? junk : to}`);
const noBody: Body = { body: '', isBase64Encoded: false };

interface Route {
  readonly name: string;
  readonly requests: fc.Arbitrary<Request>;
}
const route = (name: string, fn: FunctionName, asking: fc.Arbitrary<Omit<Asking, 'routeKey' | 'fn'>>, mayPass: (asked: Omit<Asking, 'routeKey' | 'fn'>) => boolean = () => false): Route => ({
  name,
  requests: asking.map((asked) => ({ fn, event: request({ routeKey: name, fn, ...asked }), mayPass: mayPass(asked) })),
});
const always = (): boolean => true;

const googleJunk: fc.Arbitrary<Request> = fc
  .tuple(fc.dictionary(fc.constantFrom('x-goog-channel-id', 'x-goog-channel-token', 'x-goog-message-number', 'x-goog-resource-id', 'x-goog-resource-state', 'X-Goog-Signature', 'content-length', '__proto__'), junkText, { maxKeys: 4 }), fc.boolean(), junkBody, fc.integer({ min: 1, max: 1e6 }))
  .map(([wild, keepsToken, body, messageNumber]) => {
    // A genuine token with one of its letters changed is forged; kept whole, the rest of the notice may be as strange as it likes.
    const token = keepsToken ? genuine.googleToken : genuine.googleToken.replace(/.(?=.{9}$)/, (letter) => (letter === 'A' ? 'B' : 'A'));
    const event = aGoogleNotice({ connectionId: genuine.google, channelId: genuine.channel, messageNumber, token, headers: wild, event: body });
    return { fn: 'google-webhook' as const, event, mayPass: event.headers['x-goog-channel-token'] === genuine.googleToken && event.headers['x-goog-channel-id'] === genuine.channel };
  });

const graphItem = aGraphItem({ connectionId: genuine.microsoft, subscriptionId: 's-1' });
const forgedItem = { ...graphItem, clientState: genuine.graphState.replace(/.(?=.{9}$)/, (letter) => (letter === 'A' ? 'B' : 'A')) };
const graphBodies = fc.oneof(junkBody.map((body) => ({ body, mayPass: false })), sentAs(altered({ value: [forgedItem] })).map((body) => ({ body, mayPass: false })), sentAs(altered({ value: [graphItem, forgedItem] })).map((body) => ({ body, mayPass: true })), sentAs(fc.tuple(junkJson, altered(graphItem)).map(([junk, item]) => `{"value":[${junk},${item}]}`)).map((body) => ({ body, mayPass: true })));
const graphJunk: fc.Arbitrary<Request> = fc.tuple(graphBodies, fc.oneof({ weight: 4, arbitrary: fc.constant('') }, { weight: 1, arbitrary: queryOf('validationToken') })).map(([{ body, mayPass }, query]) => ({
  fn: 'microsoft-webhook' as const,
  event: aPost('microsoft', { headers: { 'content-type': 'application/json' }, rawQueryString: query, ...body }),
  // A harmless validation token is echoed to whoever sends one.
  mayPass: mayPass || new URLSearchParams(query).has('validationToken'),
}));

const consent: fc.Arbitrary<Request> = fc
  .tuple(fc.constantFrom('google' as const, 'microsoft' as const), inUrl, fc.constantFrom('code', 'error', 'error&error_description', 'state', 'cookie', 'nothing'), queryOf('scope', 'iss', 'session_state', 'admin_consent'))
  .map(([begins, junk, strange, more]) => {
    const text = encodeURIComponent(junk);
    const answer: Record<string, string> = { code: `code=${text}`, error: `error=${text}`, 'error&error_description': `error=consent_required&error_description=${text}`, nothing: '' };
    const query = [`state=${strange === 'state' ? `@@STATE@@${text}` : '@@STATE@@'}`, answer[strange] ?? 'code=c', more].join('&');
    const event = request({ routeKey: 'GET /connect/callback', fn: 'connect', query, cookies: [strange === 'cookie' ? `connect=${junk}` : '@@COOKIE@@'] });
    return { fn: 'connect' as const, event, mayPass: strange !== 'cookie', begins };
  });

const slots = { slots: [{ start: '2026-03-01T09:00:00Z', end: '2026-03-01T10:00:00Z' }], buffer_before: 5, buffer_after: 5 };
const wantedLink = { provider_id: genuine.provider, calendar_provider: 'google', return_url: 'https://platform.example/back', zone: 'Europe/Berlin', login_hint: 'a@google.example' };
const choice = { calendars: [{ id: 'no-such-calendar', blocks: true, receives: false }], on_edit: 'tell' };
const bodyFor = (valid: object): fc.Arbitrary<Body> => fc.oneof({ weight: 1, arbitrary: junkBody }, { weight: 2, arbitrary: sentAs(altered(valid)) });

/** Every way in over HTTP. */
export const routes: readonly Route[] = [
  { name: 'POST /webhooks/google', requests: googleJunk },
  { name: 'POST /webhooks/microsoft', requests: graphJunk },
  route('GET /v1/providers/{provider_id}/busy', 'availability', fc.record({ path: idOr(genuine.provider).map((provider_id) => ({ provider_id })), query: fc.oneof(queryOf('from', 'to'), questions) }), always),
  route('POST /v1/providers/{provider_id}/availability', 'availability', fc.record({ path: idOr(genuine.provider).map((provider_id) => ({ provider_id })), body: bodyFor(slots) }), always),
  route('POST /v1/sync/outbound', 'sync-now', fc.record({ body: bodyFor({ booking_id: 'none' }) })),
  route('POST /v1/sync/inbound', 'sync-now', fc.record({ body: bodyFor({ connection_id: 'none' }) })),
  route('POST /v1/connections', 'connections', fc.record({ body: bodyFor(wantedLink) }), always),
  route('GET /v1/providers/{provider_id}/connections', 'connections', fc.record({ path: idOr(genuine.provider).map((provider_id) => ({ provider_id })), query: queryOf('limit', 'after') }), always),
  route('GET /v1/connections/{connection_id}', 'connections', fc.record({ path: idOr(genuine.google).map((connection_id) => ({ connection_id })) }), always),
  route('PATCH /v1/connections/{connection_id}', 'sync-now', fc.record({ path: idOr(genuine.google, genuine.microsoft).map((connection_id) => ({ connection_id })), body: bodyFor(choice) }), ({ path }) => [genuine.google, genuine.microsoft].some((id) => id === path?.['connection_id'])),
  route('DELETE /v1/connections/{connection_id}', 'connections', fc.record({ path: idOr(genuine.leaver).map((connection_id) => ({ connection_id })), query: queryOf('remove_events'), body: fc.constant(noBody) }), always),
  route('DELETE /v1/providers/{provider_id}', 'connections', fc.record({ path: fc.oneof(inUrl.filter((text) => text !== ''), fc.integer({ min: 250, max: 2000 }).map((size) => 'é'.repeat(size))).map((provider_id) => ({ provider_id })), query: queryOf('remove_events') }), always),
  route('GET /connect/{start_id}', 'connect', fc.record({ path: fc.oneof(inUrl.filter((text) => text !== ''), fc.base64String({ minLength: 40, maxLength: 46 })).map((start_id) => ({ start_id })), query: queryOf('x') })),
  route('GET /connect/callback', 'connect', fc.record({ query: queryOf('state', 'code', 'error', 'admin_consent'), cookies: fc.array(junkText, { maxLength: 3 }) }), ({ query = '' }) => new URLSearchParams(query).get('state') === 'admin'),
  { name: 'GET /connect/callback, of a consent under way', requests: consent },
];
