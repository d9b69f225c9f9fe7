// How a pull ends, other than well: each ending leaves the lease, the due times and the mark so that somebody goes on.
import { CalendarError, type CalendarProvider } from '../calendars/port.ts';
import { backoff } from '../platform/backoff.ts';
import { hours, seconds } from '../platform/clock.ts';
import { GateClosed } from '../platform/gate-closed.ts';
import type { RowChange } from '../platform/lease.ts';
import { Setting } from '../platform/names.ts';
import { safeReason } from '../platform/telemetry.ts';
import { dueChange, jittered, pollPeriod, type Dues } from './due.ts';
import { healthOf } from './health.ts';
import { reminders } from './reminders.ts';
import type { InboundParts, Pull, PullEnd } from './sync-connection.ts';

/** Release first, then clear: the other order loses a wake-up. A notice that landed meanwhile is rung for once more. Whether it was cleared. `read`: as asked for, so that a list which a consent wants is had. */
export async function releaseAndClear({ leases, states, hints }: InboundParts, { lease, state, meter }: Pull, change: RowChange, { read = false } = {}): Promise<boolean> {
  if (!(await leases.release(lease, { ...change, ...meter.count() }))) return false;
  const cleared = await states.clear(lease.connectionId, state.inbox.generation, read ? state.inbox.listDue : undefined);
  if (!cleared) await hints.send({ v: 1, hint: 'pull', connection_id: lease.connectionId }, 1);
  return cleared;
}

export async function quarantined(parts: InboundParts, { lease, meter }: Pull, end: { provider: CalendarProvider; items: number; watches: Readonly<Record<string, number>> }): Promise<PullEnd> {
  const wait = seconds(60);
  await parts.leases.release(lease, { backoffUntil: parts.clock() + wait, lastError: 'a complete list came back empty', ...meter.count() });
  await parts.hints.send({ v: 1, hint: 'pull', connection_id: lease.connectionId }, wait / 1000 + 1);
  return { outcome: 'quarantined', ...end };
}

/** Releases with what went wrong, leaves the mark, and rings again after the back-off. */
export async function failed(parts: InboundParts, pull: Pull, error: unknown): Promise<PullEnd> {
  const { lease, state, connection } = pull;
  const provider = connection.calendar_provider;
  if (error instanceof GateClosed) {
    await parts.leases.giveUp(lease, {});
    return { outcome: 'gated' };
  }
  if (error instanceof CalendarError && error.kind === 'grant_dead') {
    await parts.grantDied(connection);
    await rest(parts, { ...pull, connection: { ...connection, state: 'reauthorization_required', dead_at: parts.clock() } });
    return { outcome: 'grant_dead', provider, error };
  }
  const errorCount = (state.pull.errorCount ?? 0) + 1;
  const wait = backoff(errorCount, parts.random, error instanceof CalendarError ? error.retryAfterMs : 0);
  await parts.leases.giveUp(lease, { backoffUntil: parts.clock() + wait, errorCount, lastError: safeReason(error), ...pull.meter.count() });
  await parts.hints.send({ v: 1, hint: 'pull', connection_id: lease.connectionId }, Math.ceil(wait / 1000));
  return { outcome: 'failed', provider, error };
}

/** Nothing can be read until the person consents again, which marks the connection anew; it stays on the due walk, seldom. */
export async function rest(parts: InboundParts, pull: Pull): Promise<PullEnd> {
  const { connection, state, lease } = pull;
  const period = pollPeriod(true, await parts.fleet());
  await parts.rows.saveHealth(connection.provider_id, healthOf(connection, state.cursors, { pollMs: period, unreadable: false }), lease.fence);
  const { reminded, nextAt } = await remind(parts, pull);
  const dues: Dues = { duePoll: parts.clock() + jittered(hours(12), parts.random), ...(nextAt !== undefined && { dueReminder: nextAt }) };
  await releaseAndClear(parts, pull, { ...dueChange(dues, lease.connectionId), ...reminded });
  return { outcome: 'not_active' };
}

/** Whatever is due stays noted on the row; only the index looks away. Resuming marks the connection anew. */
export async function paused(parts: InboundParts, pull: Pull): Promise<PullEnd> {
  await releaseAndClear(parts, pull, { ...dueChange(pull.dues, pull.lease.connectionId), dueAt: parts.clock() + jittered(hours(12), parts.random) });
  return { outcome: 'paused' };
}

/** Told before it is noted: a crash in between tells it again under the same id. */
async function remind({ grantDied, clock }: InboundParts, { connection, state: { pull }, snapshot }: Pull): Promise<{ reminded: RowChange; nextAt?: number }> {
  const { state, dead_at: deadAt } = connection;
  if (state !== 'reauthorization_required' || deadAt === undefined) return { reminded: {} };
  const before = pull.remindedOf === deadAt ? (pull.remindedDay ?? 0) : 0;
  const { day, nextAt } = reminders({ deadAt, reminded: before, now: clock() });
  if (day === undefined || snapshot.flag(Setting.jobsEnabled) !== 'open') return { reminded: {}, ...(nextAt !== undefined && { nextAt }) };
  await grantDied(connection, day);
  return { reminded: { remindedDay: day, remindedOf: deadAt }, ...(nextAt !== undefined && { nextAt }) };
}
