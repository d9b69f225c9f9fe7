import type { Clock } from '../platform/clock.ts';
import type { CalendarProvider, Session } from './port.ts';
import { CalendarError } from './port.ts';

interface Told {
  readonly session: Session;
  readonly clock: Clock;
  readonly provider: CalendarProvider;
}

/** What a stranger sends as an id is one, or is not told. */
const idOf = (text: string | null | undefined): string | undefined => (/^[\w-]{1,64}$/.test(text ?? '') ? (text ?? undefined) : undefined);

/** Sends one request and tells of it in the session's story: how it ended and how long it took, and the provider's own id of it. Never its address, which names accounts. */
export async function toldCall<A>({ session: { trace }, clock, provider }: Told, send: () => Promise<A>, seen: (answer: A) => { readonly method?: string | undefined; readonly status: number | undefined; readonly providerRequestId?: string | null | undefined }): Promise<A> {
  const startedAt = clock();
  try {
    const answer = await send();
    const { method, status, providerRequestId } = seen(answer);
    trace?.log.info('call', { calendar_provider: provider, method, status, ms: clock() - startedAt, provider_request_id: idOf(providerRequestId) });
    return answer;
  } catch (error) {
    trace?.log.warn('call', { calendar_provider: provider, ms: clock() - startedAt, reason: error instanceof CalendarError ? error.message : 'unavailable' });
    throw error;
  }
}
