// What a storm is made of: notices that are new, that come twice, that are replayed much later, and forged ones, over some connections of
// both calendar providers, in an order of chance.
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import type { Random } from '../../lib/platform/clock.ts';

export type Kind = 'new' | 'duplicate' | 'replayed' | 'forged';
export const kinds: readonly Kind[] = ['new', 'duplicate', 'replayed', 'forged'];

/** One connection that notices are about: `n` tells one of its notices from another. */
export interface Target<Delivery> {
  readonly provider: CalendarProvider;
  readonly genuine: (n: number) => Delivery;
  readonly forged: (n: number) => Delivery;
  /** Its person changes the calendar, a few times in all. */
  readonly change: () => Promise<void>;
}

export interface Sending<Delivery> {
  readonly kind: Kind;
  readonly provider: CalendarProvider;
  readonly delivery: Delivery;
}

const shares: readonly (readonly [Kind, number])[] = [['new', 0.4], ['duplicate', 0.2], ['replayed', 0.15], ['forged', 0.25]];
/** New notices that tell of a change; the others come for changes that were read already, as many do. */
const mostChanges = 20;

/** One after another; a change is made just before the notice that tells of it is handed out. */
export async function* storm<Delivery>(targets: readonly Target<Delivery>[], { notices, random }: { notices: number; random: Random }): AsyncGenerator<Sending<Delivery>> {
  const sent: Sending<Delivery>[] = [];
  const told = new Map<Target<Delivery>, number>();
  for (let n = 0; n < notices; n += 1) {
    const kind = sent.length === 0 ? 'new' : kindOf(random());
    // Everybody is told of once before chance decides.
    const target = targets[n < targets.length && kind === 'new' ? n : Math.floor(random() * targets.length)];
    if (!target) throw new Error('A storm needs somebody whom it is about.');
    const again = kind === 'duplicate' ? sent.at(-1) : kind === 'replayed' ? sent[Math.floor(random() * sent.length)] : undefined;
    if (again) {
      yield { ...again, kind };
      continue;
    }
    const { provider, genuine, forged } = target;
    if (kind === 'forged') {
      yield { kind, provider, delivery: forged(n) };
      continue;
    }
    const before = told.get(target) ?? 0;
    if (before < mostChanges) await target.change();
    told.set(target, before + 1);
    const fresh = { kind, provider, delivery: genuine(n) };
    sent.push(fresh);
    yield fresh;
  }
}

function kindOf(chance: number): Kind {
  let sum = 0;
  for (const [kind, share] of shares) if (chance < (sum += share)) return kind;
  return 'new';
}

/** How often what was answered, by kind. */
export class Answers {
  readonly #counts = new Map<string, number>();
  add(kind: Kind, status: number | undefined): void {
    const name = `${kind} ${status ?? 'none'}`;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }
  of(kind: Kind): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].filter(([name]) => name.startsWith(`${kind} `)).map(([name, times]) => [name.split(' ')[1] ?? '', times]));
  }
  told(kind: Kind): string {
    return Object.entries(this.of(kind)).sort().map(([status, times]) => `${times} × ${status}`).join(', ');
  }
  /** Whether this kind was answered nothing else. */
  only(kind: Kind, ...statuses: readonly number[]): boolean {
    return Object.keys(this.of(kind)).every((status) => statuses.includes(Number(status)));
  }
}
