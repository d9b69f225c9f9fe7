import type { CalendarProvider } from '../../lib/calendars/port.ts';
import type { Seen } from './drill.ts';

/** The same for a calendar of each provider, side by side; what was seen, by provider. */
export async function each(work: (provider: CalendarProvider) => Promise<Seen>): Promise<Seen> {
  const seen = await Promise.all((['google', 'microsoft'] as const).map(async (provider) => [provider, await work(provider)] as const));
  return Object.fromEntries(seen);
}
