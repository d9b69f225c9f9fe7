// The one door to the outside: every call of every process, to tables, queues, settings, calendars and token endpoints, goes through it and
// is a numbered point. Whose call it is, is known by the asynchronous context, so that a new call joins by itself.
import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * `before`, `after`: the process dies without, or with, the effect. `lost`: the effect happens, only the answer is lost. `twice`: the client
 * loses the first answer, tries again by itself, and gets the second. `late`: the answer is lost and the effect comes minutes after.
 */
export type How = 'before' | 'after' | 'lost' | 'twice' | 'late';
export const hows: readonly How[] = ['before', 'after', 'lost', 'twice', 'late'];

export class Died extends Error {
  override readonly name = 'Died';
}

/** One process: it may die, and whatever a dead one still tries does not happen. */
export class Process {
  readonly name: string;
  dead = false;
  constructor(name: string) {
    this.name = name;
  }
}

export interface Call<T> {
  /** Such as `UpdateItem sync-state`. */
  readonly what: string;
  readonly effect: () => Promise<T>;
  /** As the client tells it. */
  readonly lost: () => Error;
  /** The client itself tries again where an answer is lost: gives what the second attempt is answered. */
  readonly retries: boolean;
  /** It changes something outside of our tables. */
  readonly mayBeLate: boolean;
  readonly reads: boolean;
}

export interface Point {
  /** Which process, by the order in which they began; and what it is. */
  readonly process: number;
  readonly name: string;
  readonly what: string;
  /** Nothing outside is other than before. */
  readonly reads: boolean;
  readonly retries: boolean;
  readonly mayBeLate: boolean;
}

export interface Fate {
  /** Counted from 1, over all processes. */
  readonly at: number;
  readonly how: How;
}

export class Outside {
  /** What was called, in order, by whom. */
  readonly points: Point[] = [];
  #processes: Process[] = [];
  /** Undecided calls suffer nothing. */
  fate: (point: number, call: Call<unknown>) => How | undefined = () => undefined;
  /** Awaited before each effect: others may go first. */
  turn: (process: Process, what: string) => Promise<void> = () => Promise.resolve();
  /** Awaited after each effect. */
  look: (what: string, process: Process) => Promise<void> | void = () => undefined;
  /** What comes late is handed over here. */
  later: (what: string, effect: () => Promise<unknown>) => void = () => undefined;
  /** Which fates came true. */
  readonly suffered: string[] = [];
  counting = false;
  readonly #current = new AsyncLocalStorage<Process | undefined>();

  run<T>(process: Process, work: () => Promise<T>): Promise<T> {
    return this.#current.run(process, work);
  }

  /** Whatever is done there is nobody's call. */
  beyond<T>(work: () => T): T {
    return this.#current.run(undefined, work);
  }

  async call<T>(call: Call<T>): Promise<T> {
    const process = this.#current.getStore();
    const effect = (): Promise<T> => this.beyond(call.effect);
    if (!process) return effect();
    this.#alive(process);
    await this.turn(process, call.what);
    this.#alive(process);
    if (this.counting) this.#count(process, call);
    const how = this.counting ? this.fate(this.points.length, call as Call<unknown>) : undefined;
    if (how) this.suffered.push(`${how} ${this.points.length} ${process.name}: ${call.what}`);
    if (how === 'before') this.#die(process);
    if (how === 'late' && call.mayBeLate) {
      this.later(call.what, effect);
      throw call.lost();
    }
    let answer = await effect();
    await this.look(call.what, process);
    if (how === 'after') this.#die(process);
    if (how === 'lost' || (how === 'twice' && !call.retries)) throw call.lost();
    if (how === 'twice') answer = await this.#again(effect);
    return answer;
  }

  #count(process: Process, { what, reads, retries, mayBeLate }: Call<unknown>): void {
    if (!this.#processes.includes(process)) this.#processes.push(process);
    this.points.push({ process: this.#processes.indexOf(process), name: process.name, what, reads, retries, mayBeLate });
  }

  async #again<T>(effect: () => Promise<T>): Promise<T> {
    try {
      const answer = await effect();
      const metadata = (answer as { $metadata?: object }).$metadata;
      return metadata ? { ...answer, $metadata: { ...metadata, attempts: 2 } } : answer;
    } catch (error) {
      if (error instanceof Error && '$metadata' in error) Object.assign(error, { $metadata: { ...(error.$metadata as object), attempts: 2 } });
      throw error;
    }
  }

  #alive(process: Process): void {
    if (process.dead) throw new Died();
  }

  #die(process: Process): never {
    process.dead = true;
    throw new Died();
  }
}

/** As the SDK tells of an answer that never came. */
export const awsLost = (): Error => Object.assign(new Error('The answer did not come.'), { name: 'TimeoutError' });
/** As fetch tells of it. */
export const fetchLost = (): Error => new TypeError('fetch failed', { cause: Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }) });
