// For tests: a simulator with seeded randomness, an account, and plain calls to it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { seededRandom } from '../../support/seeded-random.ts';
import type { Account, CalendarInput } from './control-acts.ts';
import { startMicrosoftSimulator } from './simulator.ts';
import type { MicrosoftSimulator, MicrosoftSimulatorOptions } from './simulator.ts';

/** JSON as a test looks into it. */
export interface Body {
  readonly [member: string]: unknown;
  readonly value: Record<string, unknown>[];
  readonly error: Record<string, unknown>;
  readonly id: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface CallOptions {
  readonly method?: string;
  readonly body?: object;
  readonly prefer?: string;
  readonly headers?: Record<string, string>;
}

export interface GraphCaller {
  readonly sim: MicrosoftSimulator;
  readonly account: Account;
  /** A path below /v1.0, or a whole link. */
  call(path: string, options?: CallOptions): Promise<Answer>;
  /** Adds an event as a person would. */
  human(subject: string, start: string, more?: Record<string, unknown>): Record<string, unknown>;
  /** Follows a delta to its end. */
  round(from: string, prefer?: string): Promise<{ rows: Record<string, unknown>[]; link: string; pages: number[] }>;
}

export const email = 'dana@contoso.example';
/** The window that tests look through: March to May 2026. */
export const firstRound = '/me/calendarView/delta?startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-06-01T00:00:00Z';

export async function startGraphCaller(options: MicrosoftSimulatorOptions & { calendars?: CalendarInput[] } = {}): Promise<GraphCaller> {
  const sim = await startMicrosoftSimulator({ random: seededRandom(7), ...options });
  Object.assign(sim.behaviour, { latencyMs: 0, emptyPages: 0 });
  const account = sim.addAccount({ email, calendars: options.calendars ?? [{ name: 'Calendar', timeZone: 'Europe/Berlin' }] });
  const call = async (path: string, { method = 'GET', body, prefer, headers = {} }: CallOptions = {}): Promise<Answer> => {
    const response = await fetch(path.startsWith('http') ? path : `${sim.url}/v1.0${path}`, {
      method,
      headers: {
        authorization: `Bearer ${account.accessToken}`,
        ...(prefer === undefined ? {} : { prefer }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: (text === '' ? {} : JSON.parse(text)) as Body };
  };
  return {
    sim,
    account,
    call,
    human: (subject, start, more = {}) => sim.human({ account: email, action: 'insert', body: { subject, ...anHour(start), ...more } }),
    round: async (from, prefer = 'odata.maxpagesize=50') => {
      const rows: Record<string, unknown>[] = [];
      const pages: number[] = [];
      let link: unknown = from;
      for (;;) {
        const { body, status } = await call(String(link), { prefer });
        if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
        rows.push(...body.value);
        pages.push(body.value.length);
        if (body['@odata.deltaLink'] !== undefined) return { rows, pages, link: String(body['@odata.deltaLink']) };
        link = body['@odata.nextLink'];
      }
    },
  };
}

/** Start and end of an hour that begins at a wall clock. */
export function anHour(start: string, timeZone = 'Europe/Berlin'): { start: object; end: object } {
  const end = new Date(Date.parse(`${start}Z`) + 3_600_000).toISOString().slice(0, 19);
  return { start: { dateTime: start, timeZone }, end: { dateTime: end, timeZone } };
}

export const weekly = (startDate: string, day: string): object => ({ pattern: { type: 'weekly', interval: 1, daysOfWeek: [day] }, range: { type: 'noEnd', startDate } });

export interface Receiver {
  readonly url: string;
  /** Validation tokens as they came, still encoded. */
  readonly handshakes: string[];
  /** The bodies of notices. */
  readonly notices: { value: Record<string, unknown>[] }[];
  close(): Promise<void>;
}

/** A webhook on this machine; `shake` may answer the handshake wrongly, `take` a notice. */
export async function startReceiver(over: { shake?: (token: string) => { status: number; type: string; body: string }; take?: () => number } = {}): Promise<Receiver> {
  const handshakes: string[] = [];
  const notices: Receiver['notices'] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const token = new URL(request.url ?? '', 'http://here').searchParams.get('validationToken');
      if (token === null) {
        notices.push(JSON.parse(Buffer.concat(chunks).toString()) as { value: Record<string, unknown>[] });
        response.writeHead(over.take?.() ?? 202).end();
        return;
      }
      handshakes.push(/validationToken=([^&]*)/u.exec(request.url ?? '')?.[1] ?? '');
      const answer = over.shake?.(token) ?? { status: 200, type: 'text/plain', body: token };
      response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    handshakes,
    notices,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
