import type { APIGatewayProxyEventV2 } from 'aws-lambda';

/** A request as it came: nothing of it is to be trusted. Header names are lower-case; doubled headers arrive joined by commas. */
export interface RawRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly query: URLSearchParams;
  /** The bytes of the body, which signatures are computed over. */
  readonly body: Buffer;
}

export function rawRequest(event: APIGatewayProxyEventV2): RawRequest {
  return {
    headers: Object.fromEntries(Object.entries(event.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
    query: new URLSearchParams(event.rawQueryString ?? ''),
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
  };
}
