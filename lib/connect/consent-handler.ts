// GET /connect/{start_id} and GET /connect/callback: a person's browser on its way to the consent page and back.
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { ConsentDialog } from '../calendars/consent.ts';
import type { CalendarProvider } from '../calendars/port.ts';
import type { Clock } from '../platform/clock.ts';
import { Metric } from '../platform/names.ts';
import type { Settings, SettingsSnapshot } from '../platform/settings.ts';
import { safeError, type Telemetry } from '../platform/telemetry.ts';
import { adminPage, connectedPage, redirect, refusalPage, returnAddress, type Refusal } from './consent-pages.ts';
import type { ConsentStart, ConsentStarts } from './consent-starts.ts';
import { judgeReturn } from './consent-return.ts';
import { finishConsent, type FinishParts } from './finish-consent.ts';
import { openConsent } from './open-consent.ts';

export interface ConsentParts extends FinishParts {
  readonly starts: ConsentStarts;
  readonly settings: Settings;
  readonly isBeingErased: (providerId: string) => Promise<boolean>;
  readonly apiUrl: string;
  readonly dialog: (provider: CalendarProvider, snapshot: SettingsSnapshot) => ConsentDialog | undefined;
  readonly clock: Clock;
  readonly randomBytes: (size: number) => Buffer;
  readonly telemetry: Telemetry;
}

/** How one step of a consent ended. */
export type ConsentEnd =
  | { readonly end: 'ask'; readonly location: string; readonly cookie: string }
  | { readonly end: 'connected'; readonly start: ConsentStart; readonly connectionId: string; readonly renewed: boolean }
  | { readonly end: 'admin'; readonly allowed: boolean }
  | {
      readonly end: 'refused';
      readonly refusal: Refusal;
      /** Present once the browser has proved that it belongs to this start: only then does it learn where the platform is. */
      readonly start?: ConsentStart;
      /** The same link may be opened again. */
      readonly again?: string;
      readonly address?: string;
    };

type Answer = APIGatewayProxyStructuredResultV2;

export const connect =
  (parts: ConsentParts) =>
  async (event: APIGatewayProxyEventV2, endsAt: number): Promise<Answer> => {
    try {
      const startId = event.pathParameters?.['start_id'];
      const end = startId === undefined ? await comeBack(parts, event, endsAt) : await openConsent(parts, startId);
      if (end.end !== 'ask') parts.telemetry.measure(Metric.consents, 1, { outcome: end.end === 'refused' ? end.refusal : end.end });
      return answerTo(end);
    } catch (error) {
      parts.telemetry.log.error('consent failed', { error: safeError(error) });
      parts.telemetry.measure(Metric.consents, 1, { outcome: 'our_fault' });
      return refusalPage('our_fault');
    }
  };

async function comeBack(parts: ConsentParts, event: APIGatewayProxyEventV2, endsAt: number): Promise<ConsentEnd> {
  const judged = await judgeReturn(parts, event);
  return 'end' in judged ? judged : finishConsent(parts, judged, endsAt);
}

function answerTo(end: ConsentEnd): Answer {
  if (end.end === 'ask') return redirect(end.location, [end.cookie]);
  if (end.end === 'admin') return adminPage(end.allowed);
  const returnUrl = end.start?.return_url;
  if (end.end === 'connected') return returnUrl === undefined ? connectedPage() : redirect(returnAddress(returnUrl, { result: 'connected', connection_id: end.connectionId }));
  const { refusal, again, address } = end;
  // Where the person can still do something here, they are told so here.
  if (returnUrl !== undefined && again === undefined && address === undefined) return redirect(returnAddress(returnUrl, { result: 'denied', reason: refusal }));
  return refusalPage(refusal, { ...(again !== undefined && { again }), returnUrl, address });
}
