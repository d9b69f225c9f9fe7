import { seconds } from '../platform/clock.ts';
import { object, text } from './json.ts';

/** What a token endpoint gave for a refresh token. */
export interface FreshToken {
  readonly accessToken: string;
  readonly expiresAt: number;
  /** Google: only where it replaced the old one, which is kept otherwise. Microsoft: with every use; the old one stays good until it ends, so that the last write may win. */
  readonly refreshToken?: string;
  /** Space-delimited short names; may be less than was asked. */
  readonly scope?: string;
}

/** Reads a token endpoint's answer to a request made at `asked` (ms); undefined where it holds no token or no life. */
export function readFreshToken(body: unknown, asked: number): FreshToken | undefined {
  const answer = object(body);
  const accessToken = text(answer['access_token']);
  const life = Number(answer['expires_in']);
  if (accessToken === undefined || !(life > 0)) return undefined;
  const refreshToken = text(answer['refresh_token']);
  const scope = text(answer['scope']);
  return { accessToken, expiresAt: asked + Math.floor(seconds(life)), ...(refreshToken !== undefined && { refreshToken }), ...(scope !== undefined && { scope }) };
}
