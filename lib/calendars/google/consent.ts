// Google's consent: https://developers.google.com/identity/protocols/oauth2/web-server
import { readAnswer, type ConsentDialog, type DialogParts } from '../consent.ts';
import { oauthFault, postForm } from './oauth.ts';
import { text } from '../json.ts';

const prefix = 'https://www.googleapis.com/auth/';
/** Events: read, written and watched. The calendar list: which calendar is the primary one, and in which zone. */
const needed = [`${prefix}calendar.events`, `${prefix}calendar.calendarlist.readonly`];
/** Wider scopes that a person may have granted to the same project before. */
const covers: Readonly<Record<string, readonly string[]>> = {
  [`${prefix}calendar.events`]: [`${prefix}calendar`],
  [`${prefix}calendar.calendarlist.readonly`]: [`${prefix}calendar`, `${prefix}calendar.readonly`, `${prefix}calendar.calendarlist`],
};
const issuers = ['https://accounts.google.com', 'accounts.google.com'];

export interface GoogleConsentParts extends DialogParts {
  /** Such as https://accounts.google.com. */
  readonly consentUrl: string;
  /** Such as https://oauth2.googleapis.com. */
  readonly oauthUrl: string;
}

export function googleConsent({ client, clock, consentUrl, oauthUrl }: GoogleConsentParts): ConsentDialog {
  const tokenUrl = `${oauthUrl}/token`;
  return {
    url({ state, nonce, challenge, loginHint, insist }) {
      const query = new URLSearchParams({
        client_id: client.clientId,
        redirect_uri: client.redirectUri,
        response_type: 'code',
        scope: ['openid', ...needed].join(' '),
        access_type: 'offline',
        include_granted_scopes: 'true',
        state,
        nonce,
        code_challenge: challenge,
        code_challenge_method: 'S256',
        ...(insist && { prompt: 'consent' }),
        ...(loginHint !== undefined && { login_hint: loginHint }),
      });
      return `${consentUrl}/o/oauth2/v2/auth?${query.toString()}`;
    },
    async exchange({ code, verifier, signal }) {
      const asked = clock();
      const form = new URLSearchParams({ grant_type: 'authorization_code', client_id: client.clientId, client_secret: client.clientSecret, redirect_uri: client.redirectUri, code, code_verifier: verifier });
      const { status, headers, body } = await postForm({ tokenUrl, signal }, form);
      if (status !== 200) throw oauthFault(status, body, headers);
      return readAnswer(body, asked);
    },
    account: ({ iss, sub }) => ([...issuers, consentUrl].some((issuer) => issuer === iss) ? text(sub) : undefined),
    missing: (scopes) => needed.filter((scope) => ![scope, ...(covers[scope] ?? [])].some((granted) => scopes.includes(granted))),
    async revoke(token, signal) {
      // In the body: in the query it would end up in logs on the way.
      const { status, headers, body } = await postForm({ tokenUrl: `${oauthUrl}/revoke`, signal }, new URLSearchParams({ token }));
      if (status !== 200) throw oauthFault(status, body, headers);
    },
  };
}
