// Notices of the simulated year, as API Gateway would hand them to the real webhooks.
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { aPost } from '../support/notices.ts';
import type { LiveWatch } from './year-provider.ts';

/** `n` tells one change from another. */
export function noticeOf(watch: LiveWatch, kind: 'sync' | 'change', n: number): APIGatewayProxyEventV2 {
  if (watch.provider === 'google') {
    return aPost('google', {
      headers: {
        'x-goog-channel-id': watch.id, 'x-goog-channel-token': watch.secret, 'x-goog-message-number': String(watch.number), 'x-goog-resource-id': watch.resourceId ?? '',
        'x-goog-resource-state': kind === 'sync' ? 'sync' : 'exists',
      },
    });
  }
  const item = { subscriptionId: watch.id, clientState: watch.secret, changeType: 'updated', resource: 'me/events/e', resourceData: { id: `e-${n}`, '@odata.etag': `W/"${n}"` } };
  return aPost('microsoft', { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ value: [item] }) });
}
