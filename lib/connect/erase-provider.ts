// Everything of a provider goes: each connection leaves by its own steps; once the last is gone, bookings and busy rows. Walked once more
// after five minutes, since indexes lag; then the row that asked for it goes too.
import { minutes, seconds, type Clock } from '../platform/clock.ts';
import type { Connections } from '../platform/connections.ts';
import type { HintQueue } from '../platform/hint-queue.ts';
import { eraseKey, leaveKey, type LeavingRows } from '../platform/leaving-rows.ts';
import type { ProviderHint } from '../platform/messages.ts';
import type { ConnectionRows } from './connection-rows.ts';

export interface EraseParts {
  readonly connections: Connections;
  readonly leaving: LeavingRows;
  readonly rows: Pick<ConnectionRows, 'eraseAllBusy'>;
  /** Consistent: the health rows name them. */
  readonly connectionIdsOf: (providerId: string) => Promise<readonly string[]>;
  readonly begin: (connectionId: string, removes: boolean) => Promise<boolean>;
  /** How many bookings it erased; false: time ran out. */
  readonly eraseBookings: (providerId: string, endsAt: number) => Promise<{ erased: number; all: boolean }>;
  readonly providerHints: HintQueue<ProviderHint>;
  readonly clock: Clock;
}

/** How many bookings were erased in this run. */
export async function eraseProvider(parts: EraseParts, providerId: string, endsAt: number): Promise<number> {
  const key = eraseKey(providerId);
  const row = await parts.leaving.get(key);
  if (!row || row.dueAt > parts.clock()) return 0;
  const again = async (after: number, step = row.step): Promise<void> => {
    await parts.leaving.save(key, { step, dueAt: parts.clock() + after });
    await parts.providerHints.send({ v: 1, hint: 'erase', provider_id: providerId }, Math.ceil(after / 1000) + 1); // a hint that comes early finds nothing due
  };
  if (await stillLeaving(parts, providerId, row.removes === 1)) {
    await again(seconds(5));
    return 0;
  }
  const { erased, all } = await parts.eraseBookings(providerId, endsAt);
  if (!all) await again(seconds(1), 0);
  else if (row.step === 0) await again(minutes(5), 1);
  else {
    await parts.rows.eraseAllBusy(providerId);
    await parts.leaving.end(key, row.dueAt);
  }
  return erased;
}

async function stillLeaving({ connections, leaving, connectionIdsOf, begin }: EraseParts, providerId: string, removes: boolean): Promise<boolean> {
  const named = new Set(await connectionIdsOf(providerId));
  let after: string | undefined;
  do {
    const page = await connections.idsOf(providerId, after === undefined ? {} : { after });
    for (const id of page.ids) named.add(id);
    after = page.next;
  } while (after !== undefined);
  let left = false;
  for (const id of named) {
    const row = await leaving.get(leaveKey(id));
    // One that leaves already may not have been asked for our events.
    const asks = row === undefined || (removes && row.removes !== 1 && row.making !== 1);
    const begun = asks && (await begin(id, removes));
    left ||= begun || row !== undefined;
  }
  return left;
}
