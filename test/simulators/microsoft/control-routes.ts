// The control acts over HTTP, under /_sim; besides, the behaviour (PATCH /_sim/behaviour) and the weather of notices.
import type { SimRequest, SimResponse } from '../simulator-server.ts';
import type { Weather } from '../notices.ts';
import type { Behaviour } from './behaviour.ts';
import type { LifecycleEvent } from './change-notices.ts';
import type { AccountInput, ControlActs } from './control-acts.ts';
import { GraphFailure } from './graph-failure.ts';
import type { HumanAct } from './human-acts.ts';

type Act = (body: never, query: URLSearchParams) => object | undefined;

/** Answers 400 with `{error}` where an act is refused. */
export function controlHandler(acts: ControlActs, settings: { behaviour: Behaviour; weather: Weather }): (request: SimRequest) => SimResponse {
  const routes: Readonly<Record<string, Act>> = {
    'POST /_sim/accounts': (body: AccountInput) => acts.addAccount(body),
    'POST /_sim/clients': (body: { clientId: string; clientSecret: string; redirectUris?: string[] }) => void acts.addClient(body),
    'GET /_sim/issued': () => [...acts.issued()],
    'POST /_sim/human': (body: HumanAct) => acts.human(body),
    'POST /_sim/load': (body: { account: string; calendar?: string; ics: string }) => ({ loaded: acts.load(body) }),
    'GET /_sim/events': (_: never, query) => acts.events(query.get('account') ?? '', query.get('calendar') ?? undefined),
    'POST /_sim/delta-tokens/expire': (body: { account?: string }) => void acts.expireDeltaTokens(body.account),
    'POST /_sim/lifecycle': (body: { account: string; event: LifecycleEvent }) => void acts.lifecycle(body.account, body.event),
    'POST /_sim/silence': (body: { id: string }) => void acts.silence(body.id),
    'POST /_sim/access-tokens/expire': (body: { account?: string }) => void acts.expireAccessTokens(body.account),
    'GET /_sim/subscriptions': (_: never, query) => acts.subscriptions(query.get('account') ?? undefined),
    'POST /_sim/consent': (body: { account: string }) => acts.consent(body.account),
    'POST /_sim/revoke': (body: { account: string; code?: number; accessTokensToo?: boolean }) => void acts.revoke(body.account, body),
    'POST /_sim/notices/weather': (body: Partial<Weather>) => Object.assign(settings.weather, body),
    'GET /_sim/behaviour': () => settings.behaviour,
    'PATCH /_sim/behaviour': (body: Partial<Behaviour>) => changeBehaviour(settings.behaviour, body),
  };
  return (request) => {
    const route = `${request.method} ${request.path}`;
    const act = routes[route];
    if (act === undefined) return { status: 404, body: { error: `There is no control route ${route}.` } };
    try {
      const body = (request.body === '' ? {} : JSON.parse(request.body)) as never;
      const done = act(body, request.query);
      return done === undefined ? { status: 204 } : { status: request.method === 'POST' ? 201 : 200, body: done };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const line = 'line' in error && typeof error.line === 'number' ? { line: error.line } : {};
      return { status: error instanceof GraphFailure ? error.status : 400, body: { error: error.message, ...line } };
    }
  };
}

function changeBehaviour(behaviour: Behaviour, changes: Partial<Behaviour>): Behaviour {
  const unknown = Object.keys(changes).find((name) => !(name in behaviour));
  if (unknown !== undefined) throw new Error(`There is no behaviour ${unknown}.`);
  return Object.assign(behaviour, changes);
}
