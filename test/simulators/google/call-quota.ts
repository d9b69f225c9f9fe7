// Google's quota of calls for each user and project, over a sliding minute, where a driver sets one.
import { minutes, type Clock } from '../../../lib/platform/clock.ts';
import { GoogleFault } from './google-fault.ts';
import type { Account } from './world.ts';

/** Counts one call of an account; throws 403 `rateLimitExceeded` where the last minute had as many as it may. Refused calls are not counted. */
export type SpendCall = (account: Account) => void;

export function callQuota(clock: Clock, perMinute: () => number | undefined): SpendCall {
  const spent = new Map<Account, number[]>();
  return (account) => {
    const [most, now] = [perMinute(), clock()];
    if (most === undefined) return;
    const recent = (spent.get(account) ?? []).filter((at) => at > now - minutes(1));
    if (recent.length >= most) throw new GoogleFault(403, 'rateLimitExceeded', { domain: 'usageLimits', message: 'Rate Limit Exceeded' });
    spent.set(account, [...recent, now]);
  };
}
