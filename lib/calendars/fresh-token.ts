/** What a token endpoint gave for a refresh token. */
export interface FreshToken {
  readonly accessToken: string;
  readonly expiresAt: number;
  /** Google: only where it replaced the old one, which is kept otherwise. Microsoft: with every use; the old one stays good until it ends, so that the last write may win. */
  readonly refreshToken?: string;
  /** Space-delimited short names; may be less than was asked. */
  readonly scope?: string;
}
