// Microsoft Graph behind the port: https://learn.microsoft.com/graph/api/resources/calendar-overview
import type { Clock } from '../../platform/clock.ts';
import { seconds } from '../../platform/clock.ts';
import type { BlockingSettings } from '../blocking.ts';
import type { OpenCalendars } from '../port.ts';
import { listCalendars } from './calendar-list.ts';
import { graphCall } from './call.ts';
import { eventLists } from './event-lists.ts';
import { transactionIdOf } from './identity.ts';
import { ourEvents } from './our-events.ts';
import { watches } from './watches.ts';

export interface MicrosoftOptions {
  /** Where Graph answers, without version or closing slash, such as https://graph.microsoft.com. The token goes nowhere else. */
  readonly graphUrl: string;
  readonly clock: Clock;
  /** The longest that one call may take; 10 s unless said. */
  readonly callMs?: number;
  /** How many rows to ask a page to hold; 200 unless said. Mailboxes that answer too slowly do better with fewer. */
  readonly pageSize?: number;
  readonly blocking?: BlockingSettings;
}

/** Opens the calendars of Microsoft connections. */
export function openMicrosoft({ graphUrl, clock, callMs = seconds(10), pageSize = 200, blocking = {} }: MicrosoftOptions): OpenCalendars {
  return (session) => {
    const call = graphCall({ graphUrl, session, clock, callMs, pageSize });
    return {
      ...eventLists(call, { graphUrl, zone: session.zone, blocking }),
      ...ourEvents(call, session.zone),
      ...watches(call, { graphUrl, clock }),
      predictedId: () => undefined,
      wrote: (identity, { transactionId }) => transactionIdOf(identity) === transactionId?.toLowerCase(),
      list: () => listCalendars(call),
    };
  };
}
