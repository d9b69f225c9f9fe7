// The controls over HTTP, under /_sim/.
import { IcsError } from '../ics.ts';
import type { Notices, Weather } from '../notices.ts';
import type { SimRequest, SimResponse } from '../simulator-server.ts';
import type { AccountInput, At, Controls, HumanAct, Manners } from './controls.ts';
import type { OauthClient } from './credentials.ts';
import type { Json } from './event-record.ts';
import { faultResponse, GoogleFault } from './google-fault.ts';
import { ControlError } from './world.ts';

/** Answers 400 `{error}` for a driver's mistake, and Google's own refusal where the event itself is wrong. */
export function controlRoutes(controls: Controls, notices: Notices): (request: SimRequest) => SimResponse {
  const routes = routesOf(controls, notices);
  return (request) => {
    const run = routes[`${request.method} ${request.path}`];
    if (run === undefined) return { status: 404, body: { error: `No control route ${request.method} ${request.path}.` } };
    try {
      const answer = run(request.body === '' ? {} : JSON.parse(request.body), request.query);
      return answer === undefined ? { status: 204 } : { status: 200, body: answer };
    } catch (error) {
      if (error instanceof GoogleFault) return faultResponse(error);
      if (error instanceof ControlError || error instanceof SyntaxError) return { status: 400, body: { error: error.message } };
      if (error instanceof IcsError) return { status: 400, body: { error: error.message, line: error.line } };
      throw error;
    }
  };
}

type Route = (body: unknown, query: URLSearchParams) => object | undefined;

function routesOf(controls: Controls, notices: Notices): Readonly<Record<string, Route>> {
  return {
    'POST /_sim/clients': quietly((body) => controls.addClient(body as OauthClient)),
    'POST /_sim/accounts': (body) => controls.addAccount(body as AccountInput),
    'POST /_sim/people': (body) => controls.addPerson(body as AccountInput),
    'GET /_sim/issued': () => [...controls.issued()],
    'POST /_sim/human': (body) => controls.human(body as HumanAct),
    'POST /_sim/events': (body) => controls.insertMany(body as At & { events: Json[] }),
    'GET /_sim/events': (_, query) => controls.events({ account: query.get('account') ?? '', calendar: query.get('calendar') ?? 'primary' }),
    'POST /_sim/load': (body) => controls.load(body as At & { ics: string }),
    'POST /_sim/sync-tokens/expire': quietly((body) => controls.expireSyncTokens('account' in (body as object) ? (body as At) : undefined)),
    'POST /_sim/access-tokens/expire': quietly((body) => controls.expireAccessTokens((body as Partial<At>).account)),
    'POST /_sim/notices/weather': (body) => Object.assign(notices.weather, body as Partial<Weather>),
    'GET /_sim/notices': () => notices.log,
    'POST /_sim/manners': (body) => Object.assign(controls.manners, body as Partial<Manners>),
    'GET /_sim/channels': () => [...controls.channels()],
    'POST /_sim/silence': quietly((body) => controls.silence((body as { id: string }).id)),
    'POST /_sim/revoke': quietly((body) => controls.revoke((body as At).account)),
  };
}

const quietly = (run: (body: unknown) => void): Route => (body) => {
  run(body);
  return undefined;
};
