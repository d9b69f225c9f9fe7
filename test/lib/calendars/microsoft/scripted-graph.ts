// The Graph adapter over a server that says just what a test tells it to: for answers that no simulator would give.
import { openMicrosoft } from '../../../../lib/calendars/microsoft/open-microsoft.ts';
import type { Calendars, Page, Session } from '../../../../lib/calendars/port.ts';
import type { ScriptedAnswer, ScriptedServer } from '../../../support/scripted-server.ts';
import { scriptedServer } from '../../../support/scripted-server.ts';

export const now = Date.parse('2026-06-01T08:00:00Z');
export const calendar = { id: 'AAMk/a+b=', key: 'k' };
export const window = { from: now, to: now + 86_400_000 };
const utc = (dateTime: string) => ({ dateTime, timeZone: 'UTC' });
export const times = { start: utc('2026-06-01T08:00:00.0000000'), end: utc('2026-06-01T09:00:00.0000000') };

export const refusal = (status: number, code: string, more: object = {}): ScriptedAnswer => ({
  status,
  body: { error: { code, message: 'A sentence.', innerError: null, ...more } },
});

let server: ScriptedServer | undefined;

/** To be called after each test. */
export async function stopHearing(): Promise<void> {
  await server?.close();
  server = undefined;
}

/** Links may say {graph} for the address that the server will have. */
export const page = (value: readonly unknown[], links: Readonly<Record<string, string>> = {}): ScriptedAnswer => ({
  get body() {
    const told = Object.entries(links).map(([name, link]) => [`@odata.${name}`, link.replace('{graph}', server?.url ?? '')]);
    return { value, ...Object.fromEntries(told) };
  },
});

/** Calendars that hear these answers in order, and the last for good; in place of any that were heard before. */
export async function hearing(answers: readonly ScriptedAnswer[], overrides: Partial<Session> = {}): Promise<{ calendars: Calendars; heard: ScriptedServer['heard']; url: string }> {
  await stopHearing();
  const [first = {}, ...later] = answers;
  const { url, heard } = (server = await scriptedServer(first, ...later));
  const open = openMicrosoft({ graphUrl: url, clock: () => now });
  const session = { connectionId: 'c-1', token: () => Promise.resolve('EwB.secret'), permit: () => Promise.resolve(), endsAt: now + 60_000, ...overrides };
  return { calendars: open(session), heard, url };
}

export async function all(pages: AsyncIterable<Page>): Promise<Page[]> {
  const seen: Page[] = [];
  for await (const one of pages) seen.push(one);
  return seen;
}
