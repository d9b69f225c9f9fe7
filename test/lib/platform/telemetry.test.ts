import { describe, expect, it } from '@jest/globals';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { CalendarError } from '../../../lib/calendars/port.ts';
import { GateClosed } from '../../../lib/platform/gate-closed.ts';
import { UnknownSealKey } from '../../../lib/platform/seal.ts';
import { safeError, safeReason, tellSettingsNotRead } from '../../../lib/platform/telemetry.ts';

const secret = 'ya29.a0AfH6SMB-secret';

/** Errors as clients throw them, each with a secret somewhere in it. */
function foreignErrors(): unknown[] {
  const gaxios = Object.assign(new Error(`Request failed with token ${secret}`), { config: { headers: { Authorization: `Bearer ${secret}` } }, response: { data: secret } });
  const nested = new Error('outer', { cause: new Error(secret) });
  const forged = new Error(`first line\n    at https://host/path?access_token=${secret}:1:2\n    at refresh_token=${secret} (file.js:1:1)`);
  const renamed = new Error(`refused\n    at ${secret} (file.js:1:1)`);
  renamed.message = 'something else';
  const syntax = ((): unknown => {
    try {
      return JSON.parse(`${secret}{`);
    } catch (error) {
      return error;
    }
  })();
  return [gaxios, nested, forged, renamed, syntax, new AggregateError([new Error(secret)], secret), secret, { message: secret, name: secret }, null, undefined, 5, Symbol(secret)];
}

describe('what is told of an error', () => {
  it('never is the message of one that we did not make', () => {
    for (const error of foreignErrors()) {
      expect(safeReason(error)).not.toContain('secret');
      expect(JSON.stringify(safeError(error))).not.toContain('secret');
    }
  });

  it('is the message of those we made', () => {
    expect(safeReason(new CalendarError('throttled', { status: 429, reason: 'rateLimitExceeded' }))).toBe('throttled 429 rateLimitExceeded');
    expect(safeReason(new UnknownSealKey('k7'))).toContain('k7');
    expect(safeReason(new GateClosed())).toContain('turned off');
  });

  it('is name, status and request id of an error of AWS', () => {
    const refused = new ConditionalCheckFailedException({ message: `row ${secret}`, $metadata: { httpStatusCode: 400, requestId: 'r-1' } });
    expect(safeError(refused)).toMatchObject({ reason: 'ConditionalCheckFailedException 400', aws_request_id: 'r-1' });
    expect(JSON.stringify(safeError(refused))).not.toContain('secret');
  });

  it('says where it came from', () => {
    expect(safeError(new TypeError('x'))).toMatchObject({ reason: 'TypeError', stack: expect.stringContaining('telemetry.test.ts') });
  });
});

describe('settings that could not be read', () => {
  it('are counted and logged, by every function alike', () => {
    const told: unknown[] = [];
    const log = (message: string, fields: object): void => void told.push([message, fields]);
    tellSettingsNotRead({ measure: (name, value) => void told.push([name, value]), log: { info: log, warn: log, error: log } })(new TypeError(secret));
    expect(told).toEqual([['calendar_sync_settings_unknown_total', 1], ['settings not read', { error: expect.objectContaining({ reason: 'TypeError' }) }]]);
    expect(JSON.stringify(told)).not.toContain('secret');
  });
});
