// What must hold at every moment, by name; and how often each was judged, so that none is kept only because nobody looked.
import { minutes } from '../../lib/platform/clock.ts';
import { Setting } from '../../lib/platform/names.ts';
import type { Written } from '../support/memory-tables.ts';
import type { FaultWorld } from './fault-world.ts';
import type { Process } from './outside.ts';

export const invariants = ['nothing lost', 'one booking, one event', 'no blink', 'old never beats new', 'the cursor last', 'privacy', 'no secret', 'sync off, no calls'] as const;
export type Invariant = (typeof invariants)[number];
export type Judged = Record<Invariant, number>;

export const nothingJudged = (): Judged => Object.fromEntries(invariants.map((name) => [name, 0])) as Judged;
export function addTo(sum: Judged, more: Judged): void {
  for (const name of invariants) sum[name] += more[name];
}

interface Book {
  readonly judged: Judged;
  /** The fence under which a connection's last cursor was saved. */
  readonly saved: Map<string, unknown>;
  off: { readonly since: number; readonly suffered: number; doubt: boolean } | undefined;
}
const books = new WeakMap<FaultWorld, Book>();
function bookOf(world: FaultWorld): Book {
  const book = books.get(world) ?? { judged: nothingJudged(), saved: new Map(), off: undefined };
  books.set(world, book);
  return book;
}
export const judgedOf = (world: FaultWorld): Judged => bookOf(world).judged;
export const judged = (world: FaultWorld, invariant: Invariant): void => void (bookOf(world).judged[invariant] += 1);

/** Once a cursor is saved, no row of that connection is written under the same lease. */
export function cursorLast(world: FaultWorld, { table, before, after }: Written): void {
  if (after === undefined) return;
  const { saved } = bookOf(world);
  if (table === 'sync-state' && String(after['part']).startsWith('cal#') && after['cursor'] !== undefined && after['cursor'] !== before?.['cursor']) saved.set(String(after['connection_id']), after['fence']);
  const row = String(after['row']);
  if (table !== 'busy-intervals' || row.startsWith('!')) return;
  judged(world, 'the cursor last');
  if (saved.get(row.split('#')[0] ?? '') === after['fence']) world.violations.push(`the cursor was saved before ${JSON.stringify(after)}`);
}

/** What people write into their own events is in no row. */
export function privacyKept(world: FaultWorld, { table, after }: Written): void {
  if (after === undefined || table === 'booking-events') return;
  judged(world, 'privacy');
  if (JSON.stringify(after).includes('Private')) world.violations.push(`a title is stored: ${JSON.stringify(after)}`);
}

/** No token that was ever given out is in a row, in a message or in a line of the log. */
export function secretsKept(world: FaultWorld): string[] {
  const { tables, queues, google, microsoft, functions } = world;
  const rows = (['connections', 'sync-state', 'busy-intervals', 'booking-events'] as const).flatMap((table) => tables.all(table));
  const seen = JSON.stringify([rows, queues.messages, functions.logged]);
  judged(world, 'no secret');
  return [...google.issued(), ...microsoft.issued()].filter((secret) => seen.includes(secret)).map((secret) => `the secret ${secret} can be read`);
}

/** Who is off for so long knows it: settings are kept for 30 s, for 5 min where they cannot be read, and a lease is a minute. */
const [knownAfter, knownInDoubtAfter] = [minutes(2), minutes(7)];
const isOfEvents = (what: string): boolean => /^(google|graph) /.test(what) && !/\/(token|revoke|stop)$/.test(what) && !what.startsWith('graph DELETE /v1.0/subscriptions');

/** While SYNC is off no calendar is read or written; a person who consents may still be asked for their calendars. */
export function silentWhileOff(world: FaultWorld, what: string, process: Process): void {
  const book = bookOf(world);
  const { outside, now } = world;
  if (world.settings.get(Setting.syncEnabled) === 'true') book.off = undefined;
  else book.off ??= { since: now, suffered: outside.suffered.length, doubt: false };
  if (!book.off) return;
  book.off.doubt ||= !world.ssm || outside.suffered.slice(book.off.suffered).some((one) => one.endsWith('GetParameters'));
  if (now - book.off.since < (book.off.doubt ? knownInDoubtAfter : knownAfter) || process.name === 'connect') return;
  judged(world, 'sync off, no calls');
  if (isOfEvents(what)) world.violations.push(`${process.name} called ${what} while SYNC was off`);
}
