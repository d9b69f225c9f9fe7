// Microsoft's consent: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
import { readAnswer, type ConsentDialog, type DialogParts } from '../consent.ts';
import { text } from '../json.ts';
import { oauthFault, postForm, shortScopes } from './oauth.ts';

const needed = 'Calendars.ReadWrite';
/** With offline_access, or no refresh token comes; openid and profile tell the tenant and the account's id there. */
export const microsoftScope = `openid profile offline_access https://graph.microsoft.com/${needed}`;
const officialLogin = 'https://login.microsoftonline.com';

export interface MicrosoftConsentParts extends DialogParts {
  /** Such as https://login.microsoftonline.com. */
  readonly loginUrl: string;
  readonly tenant: string;
}

export function microsoftConsent({ client, clock, loginUrl, tenant }: MicrosoftConsentParts): ConsentDialog {
  return {
    url({ state, nonce, challenge, loginHint }) {
      const query = new URLSearchParams({
        client_id: client.clientId,
        redirect_uri: client.redirectUri,
        response_type: 'code',
        response_mode: 'query',
        scope: microsoftScope,
        state,
        nonce,
        code_challenge: challenge,
        code_challenge_method: 'S256',
        ...(loginHint !== undefined && { login_hint: loginHint }),
      });
      return `${loginUrl}/${encodeURIComponent(tenant)}/oauth2/v2.0/authorize?${query.toString()}`;
    },
    async exchange({ code, verifier, signal }) {
      const asked = clock();
      const form = new URLSearchParams({ grant_type: 'authorization_code', client_id: client.clientId, client_secret: client.clientSecret, redirect_uri: client.redirectUri, code, code_verifier: verifier, scope: microsoftScope });
      const { status, headers, body } = await postForm({ loginUrl, tenant, signal }, form);
      if (status !== 200) throw oauthFault(status, body, headers);
      const answer = readAnswer(body, asked);
      return { ...answer, scopes: shortScopes(answer.scopes.join(' ')).split(' ') };
    },
    account({ iss, tid, oid }) {
      const [tenantId, objectId] = [text(tid), text(oid)];
      if (tenantId === undefined || objectId === undefined) return undefined;
      return [loginUrl, officialLogin].some((login) => iss === `${login}/${tenantId}/v2.0`) ? `${tenantId}:${objectId}` : undefined;
    },
    missing: (scopes) => (scopes.some((scope) => scope.toLowerCase() === needed.toLowerCase()) ? [] : [needed]),
    adminUrl(state) {
      // A personal account has no administrator: "common" is not taken here.
      const directory = tenant === 'common' || tenant === 'consumers' ? 'organizations' : tenant;
      const query = new URLSearchParams({ client_id: client.clientId, scope: microsoftScope, redirect_uri: client.redirectUri, state });
      return `${loginUrl}/${encodeURIComponent(directory)}/v2.0/adminconsent?${query.toString()}`;
    },
  };
}
