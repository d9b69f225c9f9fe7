// A process that may die. Every call that it makes to the outside is counted; at the n-th it dies before or after the effect, or lives on
// with the answer lost. Whatever a dead process still tries does not happen.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CalendarError, type Calendars, type OpenCalendars, type Page } from '../../lib/calendars/port.ts';

export interface Fate {
  /** Counted from 1. */
  readonly at: number;
  /** `before`, `after`: it dies without, or with, the effect of that call. `lost`: only the answer is lost. */
  readonly how: 'before' | 'after' | 'lost';
}

export class Died extends Error {
  override readonly name = 'Died';
}

export interface Life {
  /** What was called, in order. */
  readonly calls: readonly string[];
  readonly dead: boolean;
  call<T>(what: string, effect: () => Promise<T>): Promise<T>;
}

interface Watchers {
  /** Awaited after each effect. */
  readonly after?: ((what: string) => Promise<void>) | undefined;
  /** Awaited before each effect: somebody else may act in between. */
  readonly before?: ((what: string) => Promise<void>) | undefined;
}

/** A life that ends as `fate` says, or never. */
export function live(fate?: Fate, { before, after }: Watchers = {}): Life {
  const calls: string[] = [];
  let dead = false;
  const die = (): never => {
    dead = true;
    throw new Died();
  };
  return {
    calls,
    get dead() {
      return dead;
    },
    async call(what, effect) {
      if (dead) throw new Died();
      calls.push(what);
      const fateful = calls.length === fate?.at ? fate.how : undefined;
      if (fateful === 'before') die();
      await before?.(what);
      const answer = await effect();
      if (fateful === 'after') die();
      await after?.(what);
      if (fateful === 'lost') throw what.startsWith('calendar') ? new CalendarError('unavailable', { reason: 'answer lost' }) : Object.assign(new Error('answer lost'), { name: 'TimeoutError' });
      return answer;
    },
  };
}

/** The same client, as this process uses it. */
export function mortalDynamo(client: DynamoDBClient, life: Life): DynamoDBClient {
  const send = (command: { readonly constructor: { readonly name: string }; readonly input: { readonly TableName?: string } }): Promise<unknown> => {
    const name = command.constructor.name.replace(/Command$/, '');
    return life.call(`${name} ${command.input.TableName?.replace(/^.*?-staging-/, '') ?? ''}`, () => client.send(command as unknown as Parameters<DynamoDBClient['send']>[0]));
  };
  return Object.assign(Object.create(client) as DynamoDBClient, { send });
}

async function* mortalPages(pages: AsyncIterable<Page>, life: Life): AsyncGenerator<Page> {
  const iterator = pages[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await life.call('calendar page', () => iterator.next());
    if (done === true) return;
    yield value;
  }
}

/** Calendars as this process uses them: each method and each page is one call. */
export const mortalCalendars =
  (open: OpenCalendars, life: Life): OpenCalendars =>
  (session) => {
    const real = open(session);
    const counted = <A extends readonly unknown[], R>(name: string, method: (...asked: A) => Promise<R>) => (...asked: A): Promise<R> => life.call(`calendar ${name}`, () => method(...asked));
    const mortal: Calendars = {
      ...real,
      everything: (calendar, window) => mortalPages(real.everything(calendar, window), life),
      changes: (calendar, cursor, window) => mortalPages(real.changes(calendar, cursor, window), life),
      read: counted('read', real.read),
      find: counted('find', real.find),
      create: counted('create', real.create),
      update: counted('update', real.update),
      remove: counted('remove', real.remove),
      stop: counted('stop', real.stop),
      listWatches: counted('listWatches', real.listWatches),
    };
    return mortal;
  };
