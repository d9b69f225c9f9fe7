import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { googleFault, networkFault } from '../../../../lib/calendars/google/fault.ts';

const body = (code: number, reason: string, more: object = {}) => ({
  error: { code, message: 'A sentence.', errors: [{ domain: 'global', reason, message: 'A sentence.', ...more }] },
});
const fault = (status: number, reason: string, headers: Record<string, string> = {}, more: object = {}) =>
  googleFault(status, body(status, reason, more), new Headers(headers));

describe('what Google answers', () => {
  it.each([
    [400, 'timeRangeEmpty', 'rejected'],
    [400, 'pushNotSupportedForRequestedResource', 'unwatchable'],
    [401, 'authError', 'grant_dead'],
    [401, 'push.webhookUrlUnauthorized', 'misconfigured'],
    [403, 'userRateLimitExceeded', 'throttled'],
    [403, 'rateLimitExceeded', 'throttled'],
    [429, 'rateLimitExceeded', 'throttled'],
    [403, 'quotaExceeded', 'throttled'],
    [403, 'forbiddenForNonOrganizer', 'rejected'],
    [403, 'insufficientPermissions', 'unreadable'],
    [403, 'notACalendarUser', 'unreadable'],
    [403, 'accessNotConfigured', 'misconfigured'],
    [404, 'notFound', 'unreadable'],
    [409, 'duplicate', 'rejected'],
    [410, 'fullSyncRequired', 'cursor_gone'],
    [410, 'updatedMinTooLongAgo', 'cursor_gone'],
    [410, 'deleted', 'rejected'],
    [412, 'conditionNotMet', 'rejected'],
    [500, 'backendError', 'unavailable'],
    [503, 'backendError', 'unavailable'],
    [503, 'fullSyncRequired', 'unavailable'],
    [403, 'constructor', 'unreadable'],
  ])('%d %s means %s', (status, reason, kind) => {
    expect(fault(status, reason)).toMatchObject({ kind, status, reason });
  });

  it('means a cursor gone where the sync token is what is wrong', () => {
    expect(fault(400, 'invalid', {}, { locationType: 'parameter', location: 'syncToken' }).kind).toBe('cursor_gone');
    expect(fault(400, 'invalid', {}, { locationType: 'parameter', location: 'timeMin' }).kind).toBe('rejected');
  });

  it('keeps to Retry-After, and waits an hour for the limit against abuse', () => {
    expect(fault(503, 'backendError', { 'retry-after': '9' }).retryAfterMs).toBe(9_000);
    expect(fault(403, 'quotaExceeded').retryAfterMs).toBe(3_600_000);
    expect(fault(403, 'quotaExceeded', { 'retry-after': '60' }).retryAfterMs).toBe(60_000);
    expect(fault(429, 'rateLimitExceeded').retryAfterMs).toBeUndefined();
  });

  it.each([
    [301, 'unavailable'],
    [408, 'unavailable'],
    [418, 'rejected'],
    [429, 'throttled'],
    [599, 'unavailable'],
  ])('of status %d without a readable body means %s', (status, kind) => {
    expect(googleFault(status, '<html>busy</html>', new Headers())).toMatchObject({ kind, status, reason: undefined });
  });

  it('never makes the reading throw, and never repeats a sentence that may hold a secret', () => {
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 599 }), fc.jsonValue(), fc.anything(), (status, json, odd) => {
        const secret = 'ya29.secret and more';
        const answers = [json, odd, { error: json }, { error: { errors: [odd, json] } }, body(status, secret), { error: { status: secret } }];
        for (const answer of answers) expect(inspect(googleFault(status, answer, new Headers()))).not.toContain(secret);
      }),
    );
  });
});

describe('no answer from Google', () => {
  it('is unavailable, with the word that says why', () => {
    const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    expect(networkFault(new TypeError('fetch failed', { cause }))).toMatchObject({ kind: 'unavailable', reason: 'ECONNRESET' });
    expect(networkFault(new DOMException('took too long', 'TimeoutError'))).toMatchObject({ reason: 'TimeoutError' });
    expect(networkFault(new Error('Bearer ya29.secret'))).toMatchObject({ kind: 'unavailable', reason: 'no_answer' });
    expect(networkFault('Bearer ya29.secret')).toMatchObject({ reason: 'no_answer' });
  });
});
