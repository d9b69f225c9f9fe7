import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createNotices } from './notices.ts';
import type { NoticeOptions, Notices } from './notices.ts';

describe('notices', () => {
  let receiver: Server;
  let url: string;
  let seen: { headers: Record<string, unknown>; body: string }[];
  /** What the receiver answers, in turn; 0 = it never answers. */
  let answers: number[];
  let notices: Notices;

  const start = (over: Partial<NoticeOptions> = {}): Notices => {
    notices = createNotices({ clock: () => 42, random: () => 0.5, timeoutMs: 2000, succeeded: (status) => status >= 200 && status < 300, ...over });
    return notices;
  };

  beforeEach(async () => {
    seen = [];
    answers = [];
    receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
        const status = answers.shift() ?? 200;
        if (status > 0) response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  });
  afterEach(async () => {
    notices.close();
    receiver.closeAllConnections();
    await new Promise((resolve) => receiver.close(resolve));
  });

  const statuses = (): number[] => notices.log.map((entry) => entry.status);

  it('arrive with their headers, and without a body where none is given', async () => {
    start().send({ url, headers: { 'X-Goog-Message-Number': '7' } });
    await notices.idle();
    expect(seen).toEqual([{ headers: expect.objectContaining({ 'x-goog-message-number': '7', 'content-length': '0' }), body: '' }]);
    expect(notices.log).toEqual([{ at: 42, url, status: 200, attempt: 1 }]);
  });

  it('are sent again until the receiver takes them', async () => {
    answers = [503, 500, 202];
    start({ retries: () => 1 }).send({ url, headers: {}, body: 'x' });
    await notices.idle();
    expect(notices.log.map(({ status, attempt }) => [attempt, status])).toEqual([[1, 503], [2, 500], [3, 202]]);
    expect(seen.map((entry) => entry.body)).toEqual(['x', 'x', 'x']);
  });

  it('are given up when the sender is told so', async () => {
    answers = [503, 503, 503];
    start({ retries: (attempt) => (attempt < 2 ? 1 : undefined) }).send({ url, headers: {} });
    await notices.idle();
    expect(statuses()).toEqual([503, 503]);
  });

  it('are not sent again where the sender is content, as Google is with a 401', async () => {
    answers = [401];
    start({ retries: () => 1, succeeded: (status) => ![0, 500, 502, 503, 504].includes(status) }).send({ url, headers: {} });
    await notices.idle();
    expect(statuses()).toEqual([401]);
  });

  it('a receiver that is too slow, or not there, counts as no answer', async () => {
    answers = [0, 202];
    start({ retries: (attempt) => (attempt < 2 ? 1 : undefined), timeoutMs: (attempt) => (attempt === 1 ? 30 : 2000) }).send({ url, headers: {} });
    await notices.idle();
    notices.send({ url: 'http://127.0.0.1:1/nobody', headers: {} });
    await notices.idle();
    expect(statuses()).toEqual([0, 202, 0, 0]);
  });

  it('never leave this machine', async () => {
    start({ retries: () => 1 });
    for (const away of ['http://192.0.2.1/hook', 'http://127.0.0.1.example.com/', 'not a url']) notices.send({ url: away, headers: {} });
    await notices.idle();
    expect(statuses()).toEqual([-1, -1, -1]);
  });

  it('get lost, doubled or late in bad weather', async () => {
    start();
    notices.weather.drop = 0.6;
    notices.send({ url, headers: {} });
    notices.weather.drop = 0;
    notices.weather.double = 0.6;
    notices.weather.delayMs = [2, 4];
    notices.send({ url, headers: {} });
    await notices.idle();
    expect(seen).toHaveLength(2);
  });

  it('stop when the sender closes, and idle resolves', async () => {
    answers = [503];
    start({ retries: () => 3_600_000 }).send({ url, headers: {} });
    await new Promise<void>((resolve) => receiver.once('request', (_, response) => response.once('finish', resolve)));
    notices.close();
    await notices.idle();
    notices.send({ url, headers: {} });
    expect(seen).toHaveLength(1);
  });
});
