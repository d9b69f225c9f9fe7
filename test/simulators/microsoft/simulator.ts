// Microsoft Graph calendars and Entra's token endpoint on one loopback server: stateful, strict, unkind.
import type { Clock, Random } from '../../../lib/platform/clock.ts';
import type { Notices } from '../notices.ts';
import { startSimulatorServer } from '../simulator-server.ts';
import type { SimulatorServer } from '../simulator-server.ts';
import { controlActs } from './control-acts.ts';
import type { ControlActs } from './control-acts.ts';
import { controlHandler } from './control-routes.ts';
import { usualBehaviour } from './behaviour.ts';
import type { Behaviour } from './behaviour.ts';
import { createChangeNotices } from './change-notices.ts';
import { consentRoute } from './consent-routes.ts';
import { createEntra } from './entra.ts';
import { graphHandler } from './graph-routes.ts';
import { createSubscriptions } from './subscriptions.ts';
import type { World } from './world.ts';

export interface MicrosoftSimulator extends ControlActs {
  /** Graph's root: url + '/v1.0/me/…'. */
  readonly url: string;
  /** loginUrl + '/{tenant}/oauth2/v2.0/token'. */
  readonly loginUrl: string;
  readonly requests: SimulatorServer['requests'];
  readonly addFault: SimulatorServer['addFault'];
  readonly clearFaults: SimulatorServer['clearFaults'];
  readonly within: SimulatorServer['within'];
  readonly notices: Notices;
  /** May be changed at any time. */
  readonly behaviour: Behaviour;
  close(): Promise<void>;
}

export interface MicrosoftSimulatorOptions {
  readonly port?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Of pages whose size the caller does not name: 10, as Graph's. */
  readonly pageSize?: number;
  readonly accessTokenSeconds?: number;
  /** What differs from usualBehaviour. */
  readonly behaviour?: Partial<Behaviour>;
}

/** Serves until `close`. */
export async function startMicrosoftSimulator(options: MicrosoftSimulatorOptions = {}): Promise<MicrosoftSimulator> {
  let url = '';
  const world: World = {
    clock: options.clock ?? Date.now,
    random: options.random ?? Math.random,
    behaviour: { ...usualBehaviour(), ...options.behaviour },
    mailboxes: new Map(),
    pageSize: options.pageSize ?? 10,
    url: () => url,
  };
  const entra = createEntra(world, options.accessTokenSeconds ?? 3599);
  const subscriptions = createSubscriptions(world);
  const changes = createChangeNotices(world, subscriptions.alive);
  const acts = controlActs({ world, entra, subscriptions, changes });
  const graph = graphHandler({ world, entra, subscriptions });
  const pages = { world, codes: entra.codes, redirects: entra.redirects, allowedTenants: new Set<string>() };
  const server = await startSimulatorServer({
    ...(options.port === undefined ? {} : { port: options.port }),
    clock: world.clock,
    control: controlHandler(acts, { behaviour: world.behaviour, weather: changes.notices.weather }),
    handle: (request) => {
      if (/^\/[^/]+\/oauth2\/v2\.0\/token$/u.test(request.path)) return entra.token(request);
      const page = consentRoute(request, pages);
      if (page !== undefined) return page;
      return request.path.startsWith('/v1.0/') ? graph(request) : { status: 404, body: { error: { code: 'BadRequest', message: 'Invalid version.' } } };
    },
  });
  url = server.url;
  return {
    ...acts,
    url,
    loginUrl: url,
    requests: server.requests,
    addFault: server.addFault,
    clearFaults: server.clearFaults,
    within: server.within,
    notices: changes.notices,
    behaviour: world.behaviour,
    close: async () => {
      changes.notices.close();
      await server.close();
    },
  };
}
