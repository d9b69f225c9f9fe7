// Delivers webhook POSTs as calendar providers do: at once, again after a failure, and, in bad weather, late, twice or never.
import type { Clock, Random } from '../../lib/platform/clock.ts';

export interface Notice {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

/** What befalls notices on their way; may be changed at any time. `drop` and `double` are probabilities. */
export interface Weather {
  drop: number;
  double: number;
  delayMs: [min: number, max: number];
}

export interface Delivery {
  readonly at: number;
  readonly url: string;
  /** 0 = no answer at all: refused, reset or timed out; -1 = never sent, as the host is not this machine. */
  readonly status: number;
  readonly attempt: number;
}

export interface NoticeOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Delay before the attempt after this one (1 = the first); undefined gives up. None: never tried again. */
  readonly retries?: (attempt: number) => number | undefined;
  /** How long an attempt waits for its answer; may differ by attempt. */
  readonly timeoutMs: number | ((attempt: number) => number);
  /** Whether the sender is content with a status; 0 = no answer. What it is content with is not sent again. */
  readonly succeeded: (status: number) => boolean;
}

export interface Notices {
  /** Returns at once; delivery goes on behind. */
  send(notice: Notice): void;
  readonly weather: Weather;
  /** Resolves when nothing is in flight or waiting for its retry. */
  idle(): Promise<void>;
  readonly log: Delivery[];
  /** Drops what is still to be sent. */
  close(): void;
}

/** A sender for one simulator. */
export function createNotices(options: NoticeOptions): Notices {
  const weather: Weather = { drop: 0, double: 0, delayMs: [0, 0] };
  const log: Delivery[] = [];
  const closing = new AbortController();
  const flying = new Set<Promise<void>>();

  const launch = (notice: Notice): void => {
    const flight: Promise<void> = deliver(notice).finally(() => flying.delete(flight));
    flying.add(flight);
  };
  const deliver = async (notice: Notice): Promise<void> => {
    const [min, max] = weather.delayMs;
    await pause(min + (max - min) * options.random(), closing.signal);
    for (let attempt = 1; !closing.signal.aborted; attempt += 1) {
      const status = await post(notice, timeoutOf(options, attempt), closing.signal);
      if (closing.signal.aborted) return;
      log.push({ at: options.clock(), url: notice.url, status, attempt });
      const wait = status < 0 || options.succeeded(status) ? undefined : options.retries?.(attempt);
      if (wait === undefined) return;
      await pause(wait, closing.signal);
    }
  };

  return {
    weather,
    log,
    send: (notice) => {
      if (closing.signal.aborted || options.random() < weather.drop) return;
      launch(notice);
      if (options.random() < weather.double) launch(notice);
    },
    idle: async () => {
      while (flying.size > 0) await Promise.all(flying);
    },
    close: () => closing.abort(),
  };
}

const timeoutOf = (options: NoticeOptions, attempt: number): number => (typeof options.timeoutMs === 'number' ? options.timeoutMs : options.timeoutMs(attempt));

/** What fetch throws, told by name since it may come from another realm. */
const noAnswer = new Set(['TypeError', 'TimeoutError', 'AbortError']);
const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

async function post(notice: Notice, timeoutMs: number, closing: AbortSignal): Promise<number> {
  if (!URL.canParse(notice.url) || !loopback.has(new URL(notice.url).hostname)) return -1;
  try {
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), closing]);
    const answer = await fetch(notice.url, { method: 'POST', headers: notice.headers, body: notice.body ?? '', redirect: 'manual', signal });
    await answer.body?.cancel();
    return answer.status;
  } catch (error) {
    // A receiver that refuses, resets or is too slow is an outcome, logged as 0; anything else is a bug here.
    if (error !== null && typeof error === 'object' && 'name' in error && noAnswer.has(String(error.name))) return 0;
    throw error;
  }
}

function pause(ms: number, closing: AbortSignal): Promise<void> {
  if (ms <= 0 || closing.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      closing.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    closing.addEventListener('abort', end);
  });
}
