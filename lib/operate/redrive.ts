// Puts dead letters back where they came from. First everything is taken in hand, then moved: what dies again meanwhile is not met twice,
// so that poison cannot keep a run going. Sent on before it is removed: a crash between the two leaves a double, which changes nothing.
import { eachConcurrently } from '../platform/concurrently.ts';
import type { DeadLetter, DeadQueue, HeldLetter } from './dead-queue.ts';

/** Which of them; an absent member asks for nothing. */
export interface Choice {
  /** Ids in the queue or origins. */
  readonly ids?: readonly string[];
  readonly reason?: string;
}

interface Look {
  readonly choice?: Choice;
  /** Letters taken in hand, at most. */
  readonly limit: number;
}

export interface Redriven {
  readonly moved: readonly DeadLetter[];
  /** Seen and not chosen. */
  readonly left: number;
}

const atOnce = 10;

/** What lies in the queue, oldest first; everything is there again afterwards, at once. */
export async function lookAt(queue: DeadQueue, look: Look): Promise<DeadLetter[]> {
  return withHeld(queue, look, (chosen) => Promise.resolve(chosen.map(({ receipt: _receipt, ...letter }) => letter)));
}

/** Sends the chosen ones on, then removes them. Safe to repeat after any failure. */
export async function redrive(queue: DeadQueue, look: Look): Promise<Redriven> {
  return withHeld(queue, look, async (chosen, left, gone) => {
    await eachConcurrently(chosen, atOnce, async (letter) => {
      await queue.sendOn(letter);
      await queue.remove(letter);
      gone(letter);
    });
    return { moved: chosen, left };
  });
}

async function withHeld<T>(queue: DeadQueue, { choice = {}, limit }: Look, work: (chosen: HeldLetter[], left: number, gone: (letter: HeldLetter) => void) => Promise<T>): Promise<T> {
  const held = new Map<string, HeldLetter>();
  try {
    for (let more = await queue.receive(); more.length > 0; more = held.size < limit ? await queue.receive() : []) {
      // A queue may hand out one message twice; only its newest receipt counts.
      for (const letter of more) held.set(letter.messageId, letter);
    }
    const all = [...held.values()].sort((a, b) => a.sentAt - b.sentAt);
    const chosen = all.filter((letter) => isChosen(letter, choice)).slice(0, limit);
    return await work(chosen, all.length - chosen.length, ({ messageId }) => void held.delete(messageId));
  } finally {
    // Where this fails they come back by themselves when their time in hand is over; what failed before is what the caller must hear.
    await Promise.allSettled([...held.values()].map((letter) => queue.putBack(letter)));
  }
}

const isChosen = ({ messageId, origin, reason }: DeadLetter, { ids, reason: wanted }: Choice): boolean =>
  (ids === undefined || ids.includes(messageId) || ids.includes(origin)) && (wanted === undefined || wanted === reason);
