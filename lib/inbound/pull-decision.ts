import { Setting } from '../platform/names.ts';
import type { SettingsSnapshot } from '../platform/settings.ts';
import { dueKinds, type DueKind } from './due.ts';
import type { ConnectionSyncState } from './sync-state.ts';

export type PullDecision =
  | { readonly kind: 'pull'; readonly dirty: boolean; readonly due: ReadonlySet<DueKind>; /** Every calendar anew, whatever its cursor. */ readonly list: boolean }
  /** Nothing asks for a pull: a doubled or late hint. */
  | { readonly kind: 'idle' }
  /** Somebody holds the lease, and will look at the mark when done. */
  | { readonly kind: 'held' }
  /** It failed lately; the delayed hint, or upkeep, comes after the back-off. */
  | { readonly kind: 'backing_off' };

/** A hint carries no authority: whether to pull stands in the rows. */
export function decidePull({ inbox, pull }: ConnectionSyncState, snapshot: SettingsSnapshot, now: number): PullDecision {
  const dirty = inbox.dirtySince !== undefined;
  const jobs = snapshot.flag(Setting.jobsEnabled) === 'open';
  const due = new Set([...dueKinds(pull, now)].filter((kind) => jobs || kind === 'trailing' || kind === 'relist'));
  if (!dirty && due.size === 0) return { kind: 'idle' };
  if (pull.leaseUntil !== undefined && pull.leaseUntil > now) return { kind: 'held' };
  if (pull.backoffUntil !== undefined && pull.backoffUntil > now) return { kind: 'backing_off' };
  return { kind: 'pull', dirty, due, list: due.has('roll') || due.has('relist') || inbox.listDue !== undefined };
}
