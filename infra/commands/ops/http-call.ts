// Calls of the HTTP API: as they are on the local run, signed (Signature Version 4) on a stage, where IAM decides who may call.
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { ExitCode, Failure } from './failure.ts';

export interface ApiAnswer {
  readonly status: number;
  /** As it came. */
  readonly text: string;
  /** Empty where it is no JSON. */
  readonly body: Readonly<Record<string, unknown>>;
}
export type CallApi = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => Promise<ApiAnswer>;

/** The gateway gives up at 30 s. */
const withinMs = 35_000;

export const plainCall =
  (apiUrl: string): CallApi =>
  (method, path, body) =>
    send(new URL(apiUrl + path), { method, ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) });

type Signing = ConstructorParameters<typeof SignatureV4>[0];

export const signedCall =
  ({ apiUrl, credentials, region }: { apiUrl: string; credentials: Signing['credentials']; region: string }): CallApi =>
  async (method, path, body) => {
    const url = new URL(apiUrl + path);
    const text = body && JSON.stringify(body);
    const signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256: Sha256 });
    const { headers } = await signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { host: url.host, ...(text !== undefined && { 'content-type': 'application/json' }) },
      ...(text !== undefined && { body: text }),
    });
    return send(url, { method, headers, ...(text !== undefined && { body: text }) });
  };

async function send(url: URL, request: RequestInit): Promise<ApiAnswer> {
  const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(withinMs) }).catch((error: unknown) => {
    throw new Failure(`The HTTP API does not answer (${error instanceof Error ? error.name : typeof error}). If it is the local run, start it anew: npm start`, ExitCode.unreachable);
  });
  const text = await answer.text();
  const isJson = /^application\/([\w.]+\+)?json\b/.test(answer.headers.get('content-type') ?? '');
  return { status: answer.status, text, body: isJson && text !== '' ? (JSON.parse(text) as ApiAnswer['body']) : {} };
}

/** What the signer asks of a hash, by Node's own. */
class Sha256 {
  private readonly hash: { update(data: Buffer): unknown; digest(): Buffer };
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(bytesOf(data));
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.hash.digest());
  }
  reset(): void {
    throw new Error('A hash is used once.');
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
}
