// A professional who connects a calendar of their own through a local run, in a browser, as often as they like.
import { randomUUID } from 'node:crypto';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import { browser, consent, type Browser, type ConsentEnding, type Decides } from './browser.ts';
import { person, type Person } from './person.ts';
import type { Platform } from './platform.ts';

export interface Newcomer {
  readonly providerId: string;
  readonly someone: Person;
  readonly email: string;
  /** A new link; of another professional where named, who shares the account. */
  link(providerId?: string): Promise<string>;
  /** From a link to wherever it ends. */
  follows(link: string, how?: Partial<Decides>, at?: Browser): Promise<ConsentEnding>;
  /** From a new link back to the platform, with what it is told there; throws where it ends on a page. */
  agrees(how?: Partial<Decides> & { providerId?: string }): Promise<Record<string, string>>;
  /** Up to the address by which the browser would come back. */
  answers(at: Browser): Promise<URL>;
}

export const platformReturn = 'https://platform.example/back';

export async function newcomer(platform: Platform, provider: CalendarProvider): Promise<Newcomer> {
  const providerId: string = randomUUID();
  const root = platform.outputs.simulators[provider === 'google' ? 'google' : 'graph'];
  const { someone, email } = await person({ provider, root, zone: 'Europe/Berlin', name: randomUUID() });
  const link = (of = providerId): Promise<string> => platform.startConsent({ provider, providerId: of, zone: 'Europe/Berlin', returnUrl: platformReturn });
  const remember = (at: Browser): void => {
    for (const cookie of at.cookies(new URL(platform.outputs.apiUrl).origin)) platform.secrets.add(cookie.split('=')[1] ?? '');
  };
  const follows: Newcomer['follows'] = async (to, how, at = browser()) => {
    const ending = await consent(at, to, { home: platform.home, account: email, ...how });
    remember(at);
    return ending;
  };
  return {
    providerId, someone, email, link, follows,
    async agrees({ providerId: of, ...how } = {}) {
      const { returned, page } = await follows(await link(of), how);
      if (returned === undefined) throw new Error(`The consent ended on a page: ${page?.text}`);
      return Object.fromEntries(returned.searchParams);
    },
    async answers(at) {
      const asking = (await at.get(await link())).headers.get('location') ?? '';
      remember(at);
      const { headers } = await at.get(`${asking}&sim_decide=approve&sim_account=${encodeURIComponent(email)}`);
      return new URL(headers.get('location') ?? '');
    },
  };
}
