// Receives what calendar providers post, and answers the handshake of those that ask for one.
import { once, EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Notice {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface NoticeReceiver {
  readonly url: string;
  readonly notices: readonly Notice[];
  /** The first notice that matches, received already or yet to come. */
  first(matches: (notice: Notice) => boolean): Promise<Notice>;
  close(): Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Listens on a free loopback port. */
export async function receiveNotices(): Promise<NoticeReceiver> {
  const notices: Notice[] = [];
  const arrivals = new EventEmitter();
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const token = new URL(request.url ?? '/', 'http://localhost').searchParams.get('validationToken');
      if (token !== null) return response.writeHead(200, { 'content-type': 'text/plain' }).end(token);
      notices.push({ headers: request.headers, body });
      arrivals.emit('notice');
      return response.writeHead(202).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/notices`,
    notices,
    first: async (matches) => {
      for (;;) {
        const found = notices.find(matches);
        if (found !== undefined) return found;
        await once(arrivals, 'notice');
      }
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
