// Routes and limits of the template's HTTP API.
import { functionNameOf } from './function-plan.ts';
import { block, number, text } from './template.ts';
import type { LocalStack, Resource } from './template.ts';

export interface Route {
  /** `GET /v1/things/{id}`, as the template says it. */
  readonly routeKey: string;
  readonly authorization: 'NONE' | 'AWS_IAM';
  readonly functionName: string;
  readonly timeoutMs: number;
  /** Requests a second and at once; none = unbounded. */
  readonly throttle?: { readonly rate: number; readonly burst: number };
}

export interface RouteMatch {
  readonly route: Route;
  readonly pathParameters: Record<string, string>;
}

export interface ApiPlan {
  readonly stage: string;
  readonly routes: readonly Route[];
}

/** Registers the API as answering at `url`. One API is all that a stack of this project has. */
export function registerApi(stack: LocalStack, url: string): { apiId: string } {
  const apis = stack.of('AWS::ApiGatewayV2::Api');
  if (apis.length > 1) throw new Error(`The local run serves one HTTP API; the template has ${apis.map(({ logicalId }) => logicalId).join(', ')}.`);
  const apiId = 'local';
  for (const { logicalId } of apis) stack.register(logicalId, { ref: apiId, attributes: { ApiId: apiId, ApiEndpoint: url } });
  for (const stage of stack.of('AWS::ApiGatewayV2::Stage')) stack.register(stage.logicalId, { ref: text(stage, 'StageName') ?? '$default', attributes: {} });
  for (const { logicalId } of stack.of('AWS::ApiGatewayV2::Integration')) stack.register(logicalId, { ref: logicalId, attributes: {} });
  return { apiId };
}

export function planApi(stack: LocalStack): ApiPlan {
  const [stage] = stack.of('AWS::ApiGatewayV2::Stage');
  const integrations = new Map(stack.of('AWS::ApiGatewayV2::Integration').map((integration) => [integration.logicalId, integration] as const));
  const routes = stack.of('AWS::ApiGatewayV2::Route').map((route) => planRoute(route, { stage, integrations }));
  return { stage: stage === undefined ? '$default' : (text(stage, 'StageName') ?? '$default'), routes };
}

function planRoute(resource: Resource, { stage, integrations }: { stage: Resource | undefined; integrations: ReadonlyMap<string, Resource> }): Route {
  const routeKey = text(resource, 'RouteKey') ?? '$default';
  const authorization = text(resource, 'AuthorizationType') ?? 'NONE';
  if (authorization !== 'NONE' && authorization !== 'AWS_IAM') throw new Error(`${routeKey}: authorization ${authorization} does not run here, only NONE and AWS_IAM.`);
  const integration = integrations.get((text(resource, 'Target') ?? '').replace('integrations/', ''));
  if (integration === undefined) throw new Error(`${routeKey}: it has no integration.`);
  const format = text(integration, 'PayloadFormatVersion');
  if (text(integration, 'IntegrationType') !== 'AWS_PROXY' || format !== '2.0') throw new Error(`${routeKey}: only Lambda integrations with payload format 2.0 run here.`);
  const throttle = throttleOf(stage, routeKey);
  return {
    routeKey,
    authorization,
    functionName: functionNameOf(text(integration, 'IntegrationUri') ?? ''),
    timeoutMs: number(integration, 'TimeoutInMillis', 30_000),
    ...(throttle === undefined ? {} : { throttle }),
  };
}

interface RouteSettings {
  readonly ThrottlingRateLimit?: number | string;
  readonly ThrottlingBurstLimit?: number | string;
}

function throttleOf(stage: Resource | undefined, routeKey: string): Route['throttle'] {
  if (stage === undefined) return undefined;
  const own = block(stage, 'RouteSettings')[routeKey] as RouteSettings | undefined;
  const settings: RouteSettings = { ...(block(stage, 'DefaultRouteSettings') as RouteSettings), ...own };
  if (settings.ThrottlingRateLimit === undefined) return undefined;
  return { rate: Number(settings.ThrottlingRateLimit), burst: Number(settings.ThrottlingBurstLimit ?? settings.ThrottlingRateLimit) };
}

/** The route for a request: a literal segment beats a variable, a variable a greedy one, and everything `$default`. */
export function matchRoute(routes: readonly Route[], method: string, path: string): RouteMatch | undefined {
  const segments = path.split('/').slice(1);
  const matches = routes.flatMap((route) => {
    const [verb = '', pattern = ''] = route.routeKey.split(' ');
    if (route.routeKey === '$default') return [{ route, pathParameters: {}, rank: 'z' }];
    if (verb !== method && verb !== 'ANY') return [];
    const found = matchSegments(pattern.split('/').slice(1), segments);
    return found === undefined ? [] : [{ route, pathParameters: found.parameters, rank: `${found.rank}${verb === 'ANY' ? 'b' : 'a'}` }];
  });
  const [best] = matches.sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return best === undefined ? undefined : { route: best.route, pathParameters: best.pathParameters };
}

/** `rank` sorts by the first segment that differs: literal a, variable b, greedy c. */
function matchSegments(pattern: readonly string[], path: readonly string[]): { parameters: Record<string, string>; rank: string } | undefined {
  const parameters: Record<string, string> = {};
  let rank = '';
  for (const [index, part] of pattern.entries()) {
    const segment = path[index];
    const name = /^\{(.+?)(\+?)\}$/.exec(part);
    if (segment === undefined) return undefined;
    if (name?.[2] === '+') {
      parameters[name[1] ?? ''] = decode(path.slice(index).join('/'));
      return { parameters, rank: `${rank}c` };
    }
    if (name === null && part !== segment) return undefined;
    if (name !== null) {
      if (segment === '') return undefined;
      parameters[name[1] ?? ''] = decode(segment);
    }
    rank += name === null ? 'a' : 'b';
  }
  return path.length === pattern.length ? { parameters, rank } : undefined;
}

/** A stray percent sign is the caller's, and reaches the function as it came. */
function decode(segment: string): string {
  return /^(?:[^%]|%[0-9a-fA-F]{2})*$/.test(segment) ? safeDecode(segment) : segment;
}

function safeDecode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // Well-formed escapes that are no UTF-8.
    return segment;
  }
}
