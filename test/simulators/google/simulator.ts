// Google Calendar and its OAuth server on one loopback port: stateful, strict, and no kinder than the documentation.
// It plays one Google Cloud project. Facts: https://developers.google.com/workspace/calendar/api/guides/overview
import type { Clock, Random } from '../../../lib/platform/clock.ts';
import { createNotices } from '../notices.ts';
import type { Notices } from '../notices.ts';
import { startSimulatorServer } from '../simulator-server.ts';
import type { SimRequest, SimResponse, SimulatorServer } from '../simulator-server.ts';
import { apiRoute } from './api-routes.ts';
import { callQuota } from './call-quota.ts';
import { codeBook } from '../consent.ts';
import { createChannels } from './channels.ts';
import type { Channels } from './channels.ts';
import { consentRoute, type ConsentWorld } from './consent-routes.ts';
import { controlRoutes } from './control-routes.ts';
import { createControls } from './controls.ts';
import type { Controls, Manners } from './controls.ts';
import { createCredentials } from './credentials.ts';
import type { Credentials } from './credentials.ts';
import { createEventWrites } from './event-writes.ts';
import { createListPages } from './list-pages.ts';
import { calendarMethods } from './methods.ts';
import { oauthRoute } from './oauth-routes.ts';
import { createWorld } from './world.ts';
import type { Account, World } from './world.ts';

export { errorEnvelope, limitAnswer } from './google-fault.ts';
export type { AccountInput, HumanAct, Manners, NewAccount } from './controls.ts';
export type { CalendarInput } from './world.ts';

export interface GoogleSimulatorOptions {
  readonly port?: number;
  readonly clock?: Clock;
  /** Seeds short pages, gaps between message numbers, ids and the weather. */
  readonly random?: Random;
  /** Caps maxResults, to force paging. */
  readonly pageSize?: number;
  readonly accessTokenSeconds?: number;
  /** How far ahead a delta tells the instances of an endless series; two years and a bit unless given. */
  readonly horizonDays?: number;
  /** First wait before a refused notice is sent again; it doubles. */
  readonly retryMs?: number;
  readonly manners?: Partial<Manners>;
}

export interface GoogleSimulator extends Controls, Omit<SimulatorServer, 'close'> {
  /** The API's root: methods are under url + '/calendar/v3/'. */
  readonly url: string;
  /** Root of /token and /revoke. */
  readonly oauthUrl: string;
  readonly notices: Notices;
  close(): Promise<void>;
}

/** A client that is there from the start. */
export const defaultClient = { clientId: 'simulated-client', clientSecret: 'simulated-secret' } as const;

/** Google sends again after these and nothing else; how often is not documented. */
const retried = [500, 502, 503, 504];
const maxAttempts = 8;

/** Serves until `close`. */
export async function startGoogleSimulator(options: GoogleSimulatorOptions = {}): Promise<GoogleSimulator> {
  const { clock = Date.now, random = seeded(1), retryMs = 1000 } = options;
  const world = createWorld(clock, random);
  const credentials = createCredentials(world, options.accessTokenSeconds ?? 3599);
  credentials.addClient(defaultClient);
  const manners: Manners = { burst: 1, revives: false, ...options.manners };
  const retries = (attempt: number): number | undefined => (attempt < maxAttempts ? retryMs * 2 ** (attempt - 1) : undefined);
  const notices = createNotices({ clock, random, timeoutMs: 10_000, retries, succeeded: (status) => !retried.includes(status) });
  let root = '';
  const channels = createChannels(world, { notices, burst: () => manners.burst, rootUrl: () => root });
  const writes = createEventWrites(world, channels.changed);
  const codes = codeBook<Account>(clock, () => `4/0A${world.id(64)}`);
  const controls = createControls({ world, credentials, channels, writes, manners, codes });
  const handle = handler({ world, credentials, channels, writes, manners, notices, options, consent: { world, credentials, codes, grantSeconds: () => manners.grantSeconds } });
  const server = await startSimulatorServer({ ...(options.port === undefined ? {} : { port: options.port }), clock, handle, control: controlRoutes(controls, notices) });
  root = server.url;
  return {
    ...server,
    ...controls,
    oauthUrl: server.url,
    notices,
    close: async () => {
      notices.close();
      await server.close();
    },
  };
}

/** Where no method answers, Google shows a page for people. */
const unknownPath: SimResponse = { status: 404, headers: { 'content-type': 'text/html; charset=UTF-8' }, body: '<html><title>Error 404 (Not Found)!!1</title></html>' };

interface HandlerParts {
  readonly world: World;
  readonly credentials: Credentials;
  readonly channels: Channels;
  readonly writes: ReturnType<typeof createEventWrites>;
  readonly manners: Manners;
  readonly notices: Notices;
  readonly options: GoogleSimulatorOptions;
  readonly consent: ConsentWorld;
}

function handler({ world, credentials, channels, writes, manners, notices, options, consent }: HandlerParts): (request: SimRequest) => Promise<SimResponse> {
  const { clock, random } = world;
  const pages = createListPages({ random, ragged: () => manners.ragged });
  const list = { clock, pages, pageSize: options.pageSize ?? 2500, horizonDays: options.horizonDays ?? 800 };
  const beforeWatchAnswer = async (): Promise<void> => {
    if (manners.syncFirst ?? random() < 0.5) await deliveredWithin(notices, 500);
  };
  const methods = calendarMethods({ world, list, writes, channels, revives: () => manners.revives, beforeWatchAnswer });
  const spend = callQuota(world.clock, () => manners.userPerMinute);
  return async (request) => oauthRoute(request, consent) ?? consentRoute(request, consent) ?? (await apiRoute(request, { methods, credentials, spend })) ?? unknownPath;
}

/** A receiver that never answers must not hold up the watch. */
async function deliveredWithin(notices: Notices, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([notices.idle(), new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}

/** The same numbers for the same seed: mulberry32. */
function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
