import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { redactedBody } from '../../../lib/operate/redacted-body.ts';

describe('a dead letter’s body, as it is shown', () => {
  it('keeps ids, kinds and times, and of texts only how long they are', () => {
    const booking = { id: 'b-1', version: 3, provider_id: 'p', start_time: '2026-03-02T09:00:00Z', title: 'Ada’s scan', description: 'Secret', location: 'Ward 4' };
    expect(redactedBody(JSON.stringify({ id: 'e', type: 'booking.created', booking, note: 'call Ada' }))).toEqual({
      id: 'e',
      type: 'booking.created',
      booking: { id: 'b-1', version: 3, provider_id: 'p', start_time: '2026-03-02T09:00:00Z', title: '[10 characters]', description: '[6 characters]', location: '[6 characters]' },
      others: 1,
    });
    expect(redactedBody('{"v":1,"hint":"pull","connection_id":"c"}')).toEqual({ v: 1, hint: 'pull', connection_id: 'c' });
  });

  it('of what cannot be read tells its size and its hash', () => {
    expect(redactedBody('Ada’s scan')).toMatch(/^not JSON, 12 bytes, sha256 [0-9a-f]{12}$/);
    expect(redactedBody('["Ada"]')).toMatch(/^a list, 7 bytes/);
    expect(redactedBody('"Ada"')).toMatch(/^string, 5 bytes/);
  });

  it('never shows a text that is no known id, wherever it lies', () => {
    const secret = 'ya29-secret';
    const names = fc.constantFrom('title', 'description', 'location', 'note', 'booking', 'watch', 'late', 'status2');
    const nested = fc.letrec((tie) => ({ node: fc.oneof({ maxDepth: 6 }, fc.constant(secret), fc.array(tie('node'), { maxLength: 2 }), fc.dictionary(names, tie('node'), { maxKeys: 3 })) })).node;
    fc.assert(
      fc.property(fc.dictionary(names, nested), (body) => {
        const shown = JSON.stringify(redactedBody(JSON.stringify(body)));
        expect(shown).not.toContain(secret);
      }),
    );
  });
});
