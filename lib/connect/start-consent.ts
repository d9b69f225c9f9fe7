// POST /v1/connections: the booking platform asks for a link under which one professional connects one calendar account.
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { CalendarProvider } from '../calendars/port.ts';
import type { Clock } from '../platform/clock.ts';
import { parseJson } from '../platform/messages.ts';
import { Setting } from '../platform/names.ts';
import { answering, jsonAnswer, Problem } from '../platform/problem.ts';
import { every, type Gate, type Settings, type SettingsSnapshot } from '../platform/settings.ts';
import { startKey, startLife, type ConsentStarts } from './consent-starts.ts';
import { isZoneName } from '../platform/zone-name.ts';

export interface StartConsentParts {
  readonly starts: ConsentStarts;
  readonly settings: Settings;
  readonly isBeingErased: (providerId: string) => Promise<boolean>;
  readonly apiUrl: string;
  readonly clock: Clock;
  readonly randomBytes: (size: number) => Buffer;
  readonly failed: (failure: unknown) => void;
}

/** OAUTH, then the provider's place on the list: what stands before every step of a consent. */
export const consentGate = (snapshot: SettingsSnapshot, providerId: string): Gate =>
  every(snapshot.flag(Setting.oauthEnabled), snapshot.allows(Setting.providerAllowlist, providerId));

/**
 * Why a consent may not begin or go on; undefined: it may. An erasing that begins after this was asked finds what comes of the consent: it
 * looks for connections a second time, five minutes later.
 */
export async function whyNot({ isBeingErased }: Pick<StartConsentParts, 'isBeingErased'>, snapshot: SettingsSnapshot, providerId: string): Promise<'off' | 'unknown' | 'erasing' | undefined> {
  const gate = consentGate(snapshot, providerId);
  if (gate !== 'open') return gate === 'closed' ? 'off' : 'unknown';
  return (await isBeingErased(providerId)) ? 'erasing' : undefined;
}

export const startConsent =
  ({ starts, settings, isBeingErased, apiUrl, clock, randomBytes, failed }: StartConsentParts) =>
  (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> =>
    answering(async () => {
      const wanted = readRequest(Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8').toString('utf8'));
      const reason = await whyNot({ isBeingErased }, await settings.read(), wanted.starts_for);
      if (reason === 'off') throw new Problem('forbidden', 'New connections are turned off, or not allowed for this provider.');
      if (reason === 'unknown') throw new Problem('unavailable', 'Whether new connections are allowed is not known just now.');
      if (reason === 'erasing') throw new Problem('conflict', 'This provider is being erased: nothing can be connected until that is done, in some minutes.');
      const startId = randomBytes(32).toString('base64url');
      const ends = clock() + startLife;
      await starts.create({ v: 1, connection_id: startKey(startId), ...wanted, ends_at: ends, expires: Math.ceil(ends / 1000), openings: 0, tries: 0 });
      return jsonAnswer(201, { url: `${apiUrl}/connect/${startId}`, expires_at: new Date(ends).toISOString() });
    }, failed);

interface Wanted {
  readonly starts_for: string;
  readonly calendar_provider: CalendarProvider;
  readonly return_url?: string;
  readonly zone?: string;
  readonly login_hint?: string;
}

function readRequest(body: string): Wanted {
  const value = parseJson(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Problem('bad-request', 'Send a JSON object.');
  const given = value as Readonly<Record<string, unknown>>;
  const optional = (name: string, longest: number): string | undefined => {
    const text = given[name];
    if (text === undefined || text === null) return undefined;
    if (typeof text !== 'string' || text === '' || text.length > longest) throw new Problem('bad-request', `${name} is a text of 1 to ${longest} characters.`);
    return text;
  };
  const providerId = optional('provider_id', 256);
  if (providerId === undefined) throw new Problem('bad-request', 'provider_id is missing.');
  const calendarProvider = given['calendar_provider'];
  if (calendarProvider !== 'google' && calendarProvider !== 'microsoft') throw new Problem('bad-request', 'calendar_provider is google or microsoft.');
  const [returnUrl, zone, loginHint] = [optional('return_url', 2048), optional('zone', 64), optional('login_hint', 256)];
  if (returnUrl !== undefined && !mayReturnTo(returnUrl)) throw new Problem('bad-request', 'return_url is an https address, or http on this machine, without a user name or password.');
  if (zone !== undefined && !isZoneName(zone)) throw new Problem('bad-request', 'zone is the name of an IANA time zone, such as Europe/Berlin.');
  return {
    starts_for: providerId,
    calendar_provider: calendarProvider,
    ...(returnUrl !== undefined && { return_url: returnUrl }),
    ...(zone !== undefined && { zone }),
    ...(loginHint !== undefined && { login_hint: loginHint }),
  };
}

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

function mayReturnTo(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, username, password } = new URL(address);
  return username === '' && password === '' && (protocol === 'https:' || (protocol === 'http:' && loopback.has(hostname)));
}
