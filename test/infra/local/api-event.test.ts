import { describe, expect, it } from '@jest/globals';
import { apiAnswer, apiEvent } from '../../../infra/local/api-event.ts';
import { matchRoute } from '../../../infra/local/api-routes.ts';
import type { Route } from '../../../infra/local/api-routes.ts';

const route = (routeKey: string, authorization: Route['authorization'] = 'NONE'): Route => ({ routeKey, authorization, functionName: routeKey, timeoutMs: 30_000 });

function event(request: { method?: string; url?: string; headers?: string[]; body?: string | Buffer; authorization?: Route['authorization'] }) {
  const { method = 'POST', url = '/x', headers = [], body = '', authorization } = request;
  return apiEvent({
    request: { method, url, rawHeaders: headers, httpVersion: '1.1' },
    body: Buffer.from(body),
    match: { route: route(`${method} /x`, authorization), pathParameters: {} },
    apiId: 'local',
    stage: '$default',
    clock: () => Date.parse('2026-03-12T19:03:58.390Z'),
  });
}

describe('a request as Lambda receives it, payload format 2.0', () => {
  it('lower-cases header names and joins what comes twice', () => {
    const { headers } = event({ headers: ['X-Goog-Channel-ID', 'c1', 'Accept', 'a', 'accept', 'b', 'Connection', 'close'] });
    expect(headers).toMatchObject({ 'x-goog-channel-id': 'c1', accept: 'a,b' });
    expect(headers).not.toHaveProperty('connection');
  });

  it('moves cookies to a list of their own', () => {
    const { cookies, headers } = event({ headers: ['Cookie', 'a=1; b=2'] });
    expect(cookies).toEqual(['a=1', 'b=2']);
    expect(headers).not.toHaveProperty('cookie');
  });

  it('joins query parameters of one name by commas, decoded, and keeps the raw string', () => {
    const { queryStringParameters, rawQueryString, rawPath } = event({ url: '/a%20b?x=1&x=2&y=%C3%A9&z' });
    expect({ queryStringParameters, rawQueryString, rawPath }).toEqual({ queryStringParameters: { x: '1,2', y: 'é', z: '' }, rawQueryString: 'x=1&x=2&y=%C3%A9&z', rawPath: '/a%20b' });
  });

  it('takes the names of query parameters for names alone', () => {
    const { queryStringParameters = {} } = event({ url: '/x?constructor=1&__proto__=2&__proto__=3&toString' });
    expect(Object.entries(queryStringParameters)).toEqual([['constructor', '1'], ['__proto__', '2,3'], ['toString', '']]);
  });

  it.each<[string | undefined, boolean]>([
    ['application/json', false],
    ['application/json; charset=utf-8', false],
    ['application/problem+json', false],
    ['text/plain', false],
    ['application/xml', false],
    ['application/javascript', false],
    ['application/x-www-form-urlencoded', true],
    ['application/octet-stream', true],
    ['image/png', true],
    [undefined, true],
  ])('a body of type %s is in base64: %s', (type, encoded) => {
    const { body, isBase64Encoded } = event({ body: 'a=1', headers: type === undefined ? [] : ['Content-Type', type] });
    expect(isBase64Encoded).toBe(encoded);
    expect(body).toBe(encoded ? Buffer.from('a=1').toString('base64') : 'a=1');
  });

  it('has no body member when there is no body, as with every notice from Google', () => {
    expect(event({})).not.toHaveProperty('body');
    expect(event({}).isBase64Encoded).toBe(false);
  });

  it('says when, where and by whom', () => {
    const { requestContext } = event({ method: 'GET', authorization: 'AWS_IAM', headers: ['User-Agent', 'test'] });
    expect(requestContext).toMatchObject({
      time: '12/Mar/2026:19:03:58 +0000',
      timeEpoch: Date.parse('2026-03-12T19:03:58.390Z'),
      http: { method: 'GET', path: '/x', protocol: 'HTTP/1.1', userAgent: 'test' },
      authorizer: { iam: { userArn: 'arn:aws:iam::123456789012:user/local' } },
    });
    expect(event({}).requestContext).not.toHaveProperty('authorizer');
  });
});

describe('what a function returns as the caller sees it', () => {
  it.each<[string, unknown, { status: number; type?: string; body: string }]>([
    ['a response', { statusCode: 202, headers: { 'Content-Type': 'application/problem+json' }, body: '{}' }, { status: 202, type: 'application/problem+json', body: '{}' }],
    ['a status given as text', { statusCode: '204' }, { status: 204, body: '' }],
    ['a body without a type', { statusCode: 200, body: 'x' }, { status: 200, type: 'text/plain; charset=utf-8', body: 'x' }],
    ['a body in base64', { statusCode: 200, body: 'aGk=', isBase64Encoded: true }, { status: 200, type: 'text/plain; charset=utf-8', body: 'hi' }],
    ['text is a JSON answer', 'Hello', { status: 200, type: 'application/json', body: 'Hello' }],
    ['an object without status is a JSON answer', { a: 1 }, { status: 200, type: 'application/json', body: '{"a":1}' }],
    ['a status that is none', { statusCode: 'fine' }, { status: 500, type: 'application/json', body: '{"message":"Internal Server Error"}' }],
    ['a body that is no text', { statusCode: 200, body: { a: 1 } }, { status: 500, type: 'application/json', body: '{"message":"Internal Server Error"}' }],
  ])('%s', (_what, returned, expected) => {
    const { status, headers, body } = apiAnswer(JSON.stringify(returned));
    expect({ status, type: headers['content-type'], body: body.toString() }).toEqual({ type: undefined, ...expected });
  });
});

describe('the route for a request', () => {
  const routes = [route('GET /v1/{kind}/{id}'), route('GET /v1/things/{id}'), route('ANY /v1/things/{id}'), route('POST /webhooks/google'), route('GET /files/{path+}')];

  it.each<[string, string, string | undefined, Record<string, string>]>([
    ['GET', '/v1/other/7', 'GET /v1/{kind}/{id}', { kind: 'other', id: '7' }],
    ['GET', '/v1/things/a%2Fb', 'GET /v1/things/{id}', { id: 'a/b' }],
    ['PUT', '/v1/things/7', 'ANY /v1/things/{id}', { id: '7' }],
    ['GET', '/files/a/b', 'GET /files/{path+}', { path: 'a/b' }],
    ['GET', '/v1/things/%zz', 'GET /v1/things/{id}', { id: '%zz' }],
    ['GET', '/v1/things/%ff', 'GET /v1/things/{id}', { id: '%ff' }],
    ['GET', '/webhooks/google', undefined, {}],
    ['GET', '/v1/things/', undefined, {}],
    ['GET', '/v1/things/7/more', undefined, {}],
    ['GET', '/', undefined, {}],
  ])('%s %s → %s', (method, path, routeKey, pathParameters) => {
    const match = matchRoute(routes, method, path);
    expect(match?.route.routeKey).toBe(routeKey);
    expect(match?.pathParameters ?? {}).toEqual(pathParameters);
  });
});
