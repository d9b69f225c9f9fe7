// A person's consent at a calendar provider, behind one port: https://datatracker.ietf.org/doc/html/rfc6749#section-4.1 with PKCE and OpenID Connect.
import type { Clock } from '../platform/clock.ts';
import { seconds } from '../platform/clock.ts';
import { list, object, parseJson, text } from './json.ts';
import { CalendarError } from './port.ts';

export interface ConsentClient {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Exactly as it is registered. */
  readonly redirectUri: string;
}

export interface ConsentQuestion {
  readonly state: string;
  readonly nonce: string;
  /** PKCE, S256. */
  readonly challenge: string;
  readonly loginHint?: string;
  /** Ask even who agreed before: only then does Google send a refresh token again. */
  readonly insist: boolean;
}

/** What a code was exchanged for. */
export interface ConsentAnswer {
  readonly accessToken: string;
  readonly expiresAt: number;
  readonly refreshToken?: string;
  /** When the provider itself will end the grant, in ms, where it says so. */
  readonly grantEndsAt?: number;
  /** What was granted, which may be less than was asked. */
  readonly scopes: readonly string[];
  readonly idToken?: string;
}

export interface ConsentCode {
  readonly code: string;
  readonly verifier: string;
  readonly signal: AbortSignal;
}

export interface ConsentDialog {
  /** Where the browser is sent. */
  url(question: ConsentQuestion): string;
  /** Once and never again: a code is good for one use. Throws CalendarError; `grant_dead` is a code that was not taken. */
  exchange(code: ConsentCode): Promise<ConsentAnswer>;
  /** The account's stable id, from the claims of a token that came over TLS from the token endpoint itself. Undefined: the claims are not for us. */
  account(claims: IdClaims): string | undefined;
  /** Of the scopes without which nothing can be done, those that were not granted. */
  missing(scopes: readonly string[]): readonly string[];
  /** Gives a grant back that nothing will be made of. Absent where the provider offers no such thing. */
  readonly revoke?: (token: string, signal: AbortSignal) => Promise<void>;
  /** Where an administrator allows the app for everybody of an organisation. */
  readonly adminUrl?: (state: string) => string;
}

export type IdClaims = Readonly<Record<string, unknown>>;

/** How far apart two clocks may be. */
const leeway = seconds(300);

/**
 * The claims of an id token for this client, this consent and this moment. Its signature is not looked at: it comes from the token
 * endpoint itself, over TLS (OpenID Connect Core 1.0, section 3.1.3.7, item 6).
 */
export function readIdToken(token: string, expected: { audience: string; nonce: string; now: number }): IdClaims | undefined {
  const claims = object(parseJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')));
  const audience = typeof claims['aud'] === 'string' ? [claims['aud']] : list(claims['aud']);
  const ends = Number(claims['exp']) * 1000;
  const ours = audience.length === 1 && audience[0] === expected.audience && claims['nonce'] === expected.nonce;
  return ours && ends > expected.now - leeway ? claims : undefined;
}

/** What the token endpoint's 200 says. Throws where it makes no sense. */
export function readAnswer(body: unknown, asked: number): ConsentAnswer {
  const answer = object(body);
  const accessToken = text(answer['access_token']);
  const life = Number(answer['expires_in']);
  if (accessToken === undefined || !(life > 0)) throw new CalendarError('unavailable', { reason: 'malformed_token' });
  const [refreshToken, idToken] = [text(answer['refresh_token']), text(answer['id_token'])];
  const grantLife = Number(answer['refresh_token_expires_in']);
  return {
    accessToken,
    expiresAt: asked + Math.floor(seconds(life)),
    scopes: (text(answer['scope']) ?? '').split(/\s+/).filter((scope) => scope !== ''),
    ...(refreshToken !== undefined && { refreshToken }),
    ...(idToken !== undefined && { idToken }),
    ...(grantLife > 0 && { grantEndsAt: asked + Math.floor(seconds(grantLife)) }),
  };
}

export interface DialogParts {
  readonly client: ConsentClient;
  readonly clock: Clock;
}
