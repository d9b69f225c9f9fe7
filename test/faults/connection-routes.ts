// What people and the platform ask about connections, wired as functions/ wires it: the end of a consent, PATCH and both DELETEs.
import { randomBytes } from 'node:crypto';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { accountHash, claimAccount } from '../../lib/connect/account-claims.ts';
import { disconnect, erase, type BeginLeavingParts } from '../../lib/connect/begin-leaving.ts';
import type { ConsentEnd, ConsentParts } from '../../lib/connect/consent-handler.ts';
import { consentStarts } from '../../lib/connect/consent-starts.ts';
import { settleConsent } from '../../lib/connect/finish-consent.ts';
import { keepGrant, type KeepGrantParts } from '../../lib/connect/keep-grant.ts';
import { patchConnection, type PatchParts } from '../../lib/connect/patch-connection.ts';
import { minutes } from '../../lib/platform/clock.ts';
import { isBeingErased } from '../../lib/platform/leaving-rows.ts';
import type { Settings } from '../../lib/platform/settings.ts';

/** A person agreed, and the code is exchanged: what is left of a consent. */
export interface Agreed {
  readonly provider: CalendarProvider;
  readonly providerId: string;
  readonly account: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

export interface ConnectionRoutes {
  consent(agreed: Agreed, endsAt: number): Promise<ConsentEnd>;
  patch(connectionId: string, body: unknown): Promise<APIGatewayProxyStructuredResultV2>;
  /** Our future events included, as with `erase`. */
  disconnect(connectionId: string): Promise<APIGatewayProxyStructuredResultV2>;
  erase(providerId: string): Promise<APIGatewayProxyStructuredResultV2>;
}

type RouteParts = KeepGrantParts & Omit<PatchParts, 'tables' | 'failed'> & BeginLeavingParts & Pick<ConsentParts, 'markFutureBookings' | 'dialog' | 'telemetry'> & { readonly consentSettings: Settings };

export function connectionRoutes(parts: RouteParts): ConnectionRoutes {
  const { dynamo, tables, clock, connections } = parts;
  let ids = 0;
  const consents: ConsentParts = {
    ...parts,
    ...keepGrant(parts),
    settings: parts.consentSettings,
    isBeingErased: isBeingErased(parts.leaving),
    claim: (owner, connectionId) => claimAccount({ dynamo, table: tables.connections, connections }, owner, { connectionId, now: clock() }),
    starts: consentStarts(dynamo, tables.connections),
    apiUrl: '', randomBytes,
    newId: () => `n-${(ids += 1)}`,
  };
  const asked = (pathParameters: Record<string, string>, more: Partial<APIGatewayProxyEventV2> = {}): APIGatewayProxyEventV2 => ({ pathParameters, rawQueryString: 'remove_events=true', isBase64Encoded: false, ...more }) as APIGatewayProxyEventV2;
  return {
    async consent({ provider, providerId, account, ...tokens }, endsAt) {
      const now = clock();
      const start = { v: 1, connection_id: 'start#1', starts_for: providerId, calendar_provider: provider, ends_at: now + minutes(10), expires: 0, openings: 1, tries: 0 } as const;
      const answer = { ...tokens, expiresAt: now + minutes(59), scopes: [] };
      const owner = { provider, providerId, account: accountHash(provider, account) };
      return settleConsent(consents, { back: { start, startId: '1', state: '', code: '' }, snapshot: await parts.consentSettings.read(), owner, answer, endsAt });
    },
    patch: (id, body) => patchConnection(parts)(asked({ connection_id: id }, { body: JSON.stringify(body) })),
    disconnect: (id) => disconnect(parts)(asked({ connection_id: id })),
    erase: (id) => erase(parts)(asked({ provider_id: id })),
  };
}
