import { describe, expect, it } from '@jest/globals';
import { receiveWebhook, type WebhookParts } from '../../../lib/ingest/receive-webhook.ts';
import { readMicrosoftNotices } from '../../../lib/ingest/read-microsoft-notices.ts';
import { aPost } from '../../support/notices.ts';

const never = () => {
  throw new Error('the handshake needs nothing but CPU');
};
const parts: WebhookParts = {
  provider: 'microsoft',
  read: readMicrosoftNotices,
  settings: { read: never },
  inbox: { record: never },
  hints: { send: never, sendAll: never },
  clock: never,
  trace: never,
  told: () => undefined,
};
const shake = (rawQueryString: string, overrides = {}) => receiveWebhook(parts)(aPost('microsoft', { rawQueryString, ...overrides }));

describe('Graph’s validation handshake', () => {
  it.each([
    ['as Graph sends it', 'validationToken=Validation%3a+Testing+client+application+reachability+for+subscription+Request-Id%3a+522a8e7e', 'Validation: Testing client application reachability for subscription Request-Id: 522a8e7e'],
    ['with an escaped plus', 'validationToken=a%2Bb+c%20d', 'a+b c d'],
    ['with a percent sign', 'validationToken=100%25', '100%'],
    ['with a percent sign that escapes nothing', 'validationToken=100%', '100%'],
    ['with letters above ASCII', 'validationToken=gr%C3%BC%C3%9Fe%20%F0%9F%97%93', 'grüße 🗓'],
    ['with an ampersand and an equals sign', 'validationToken=a%26b%3Dc&other=1', 'a&b=c'],
    ['beside other parameters', 'a=1&validationToken=t', 't'],
    ['the first of two', 'validationToken=one&validationToken=two', 'one'],
    ['of 1,024 bytes', `validationToken=${'%C3%A9'.repeat(512)}`, 'é'.repeat(512)],
  ])('gets the decoded token in plain text: %s', async (_, query, echo) => {
    expect(await shake(query)).toEqual({ statusCode: 200, headers: { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' }, body: echo });
  });

  it('wins over whatever the body holds', async () => {
    for (const body of ['{"value":[]}', '[', 'x'.repeat(300 * 1024)]) expect(await shake('validationToken=t', { body })).toMatchObject({ statusCode: 200, body: 't' });
  });

  it.each([
    ['empty', 'validationToken='],
    ['a tag', 'validationToken=%3Cscript%3Ealert(1)%3C%2Fscript%3E'],
    ['a closing angle bracket', 'validationToken=a%3Eb'],
    ['a line break', 'validationToken=a%0D%0ASet-Cookie%3A%20x'],
    ['a NUL', 'validationToken=a%00b'],
    ['a C1 control character', 'validationToken=a%C2%85b'],
    ['a DEL', 'validationToken=a%7Fb'],
    ['1,025 bytes', `validationToken=${'a'.repeat(1025)}`],
    ['1,025 bytes in fewer characters', `validationToken=${'%C3%A9'.repeat(512)}a`],
  ])('is refused, and nothing echoed: %s', async (_, query) => {
    expect(await shake(query)).toEqual({ statusCode: 400 });
  });
});
