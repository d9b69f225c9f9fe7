// Google's push: a POST without a body, everything in headers. https://developers.google.com/workspace/calendar/api/guides/push
import { verifyWatchToken } from '../platform/watch-token.ts';
import type { RawRequest } from './raw-request.ts';
import { digestOf, keyOf, largestBody, rejected, slots, type Reading } from './reading.ts';

const states = new Set(['sync', 'exists', 'not_exists']);

export function readGoogleNotice({ headers, body }: RawRequest): Reading {
  if (body.length > largestBody) return rejected('too_large');
  const channelId = headers['x-goog-channel-id'];
  const messageNumber = headers['x-goog-message-number'];
  const resourceId = headers['x-goog-resource-id'];
  if (!channelId || !messageNumber || !resourceId || !states.has(headers['x-goog-resource-state'] ?? '')) return rejected('malformed');
  if (!/^\d{1,15}$/.test(messageNumber)) return rejected('malformed');

  const token = headers['x-goog-channel-token'] ?? '';
  return {
    kind: 'notices',
    signed: Buffer.concat([Buffer.from(`${channelId}.${messageNumber}.`), body]),
    notices: [
      {
        verify: (ring) => verifyWatchToken(ring, 'google', token, channelId),
        dedupe: { slot: Number(messageNumber) % slots, key: keyOf(digestOf(channelId, messageNumber)) },
        watchDue: false,
        watch: { id: channelId, resource_id: resourceId },
      },
    ],
  };
}
