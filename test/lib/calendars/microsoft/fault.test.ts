import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { graphFault, isMissing, isMissingError, networkFault } from '../../../../lib/calendars/microsoft/fault.ts';

const body = (code: string) => ({ error: { code, message: 'A sentence.', innerError: { 'request-id': 'r', date: '2026-06-01T08:00:00' } } });
const fault = (status: number, code: string, headers: Record<string, string> = {}) => graphFault(status, body(code), new Headers(headers));

describe('what Graph answers', () => {
  it.each([
    [400, 'BadRequest', 'rejected'],
    [400, 'TimeZoneNotSupportedException', 'rejected'],
    [401, 'InvalidAuthenticationToken', 'grant_dead'],
    [403, 'ErrorAccessDenied', 'unreadable'],
    [403, 'insufficient_claims', 'grant_dead'],
    [403, 'Authorization_RequestDenied', 'grant_dead'],
    [403, 'ExtensionError', 'unreadable'],
    [404, 'ErrorItemNotFound', 'unreadable'],
    [404, 'MailboxNotEnabledForRESTAPI', 'unreadable'],
    [400, 'extensionError', 'unreadable'],
    [409, 'ConcurrentItemSave', 'unavailable'],
    [409, 'SomethingElse', 'unavailable'],
    [410, 'SyncStateNotFound', 'cursor_gone'],
    [410, 'resyncRequired', 'cursor_gone'],
    [410, 'Gone', 'cursor_gone'],
    [400, 'syncStateNotFound', 'cursor_gone'],
    [404, 'SYNCSTATENOTFOUND', 'cursor_gone'],
    [412, 'ErrorIrresolvableConflict', 'unavailable'],
    [429, 'TooManyRequests', 'throttled'],
    [429, 'ApplicationThrottled', 'throttled'],
    [503, 'ApplicationThrottled', 'throttled'],
    [503, 'ServiceUnavailable', 'unavailable'],
    [504, 'UnknownError', 'unavailable'],
    [509, 'BandwidthLimitExceeded', 'throttled'],
    [500, 'InternalServerError', 'unavailable'],
    [400, 'constructor', 'rejected'],
  ])('%d %s means %s', (status, code, kind) => {
    expect(fault(status, code)).toMatchObject({ kind, status, reason: code });
  });

  it('tells how long to wait, in seconds or until a date', () => {
    expect(fault(429, 'TooManyRequests', { 'retry-after': '10' }).retryAfterMs).toBe(10_000);
    const dates = { date: 'Mon, 01 Jun 2026 08:00:00 GMT', 'retry-after': 'Mon, 01 Jun 2026 08:00:30 GMT' };
    expect(fault(503, 'ServiceUnavailable', dates)).toMatchObject({ kind: 'unavailable', retryAfterMs: 30_000 });
    expect(fault(504, 'UnknownError').retryAfterMs).toBeUndefined();
  });

  it('takes a 503 over the mailbox’s limit of calls at once for a throttle', () => {
    const headers = { 'ratelimit-exceeded': 'MailboxConcurrency', 'retry-after': '1' };
    expect(graphFault(503, '<html>', new Headers(headers))).toMatchObject({ kind: 'throttled', retryAfterMs: 1_000 });
  });

  it.each([
    [302, 'unavailable'],
    [404, 'unreadable'],
    [408, 'unavailable'],
    [418, 'rejected'],
    [504, 'unavailable'],
  ])('of status %d without a readable body means %s', (status, kind) => {
    for (const odd of ['<html>Gateway Time-out</html>', undefined, null, { error: null }, { error: { code: null, innerError: null } }]) {
      expect(graphFault(status, odd, new Headers())).toMatchObject({ kind, status, reason: undefined });
    }
  });

  it('never makes the reading throw, and never repeats a sentence that may hold a secret', () => {
    const secret = 'EwB.secret and more';
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 599 }), fc.jsonValue(), fc.anything(), (status, json, odd) => {
        for (const answer of [json, odd, { error: json }, { error: { code: odd } }, body(secret)]) {
          expect(inspect(graphFault(status, answer, new Headers()))).not.toContain(secret);
          isMissing({ status, body: answer });
        }
      }),
    );
  });
});

describe('a missing item', () => {
  it('is told from a mailbox that is missing', () => {
    expect(isMissing({ status: 404, body: body('ErrorItemNotFound') })).toBe(true);
    expect(isMissing({ status: 410, body: undefined })).toBe(true);
    expect(isMissing({ status: 404, body: body('MailboxNotEnabledForRESTAPI') })).toBe(false);
    expect(isMissing({ status: 403, body: body('ErrorItemNotFound') })).toBe(false);
    expect(isMissingError(fault(404, 'ErrorItemNotFound'))).toBe(true);
    expect(isMissingError(fault(404, 'extensionError'))).toBe(false);
    expect(isMissingError(new Error('404'))).toBe(false);
  });
});

describe('no answer from Graph', () => {
  it('is unavailable, with the word that says why', () => {
    const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    expect(networkFault(new TypeError('fetch failed', { cause }))).toMatchObject({ kind: 'unavailable', reason: 'ECONNRESET' });
    expect(networkFault(new DOMException('took too long', 'TimeoutError'))).toMatchObject({ reason: 'TimeoutError' });
    expect(networkFault(new Error('Bearer EwB.secret'))).toMatchObject({ kind: 'unavailable', reason: 'no_answer' });
  });
});
