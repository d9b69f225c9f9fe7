// Asks a receiver, while its POST /subscriptions is still open, whether it expects us.
import { badRequest } from './graph-failure.ts';
import { guid } from './guid.ts';
import type { World } from './world.ts';

/** Returns when the receiver has given back the decoded token; else throws 400 ValidationError, and there is no subscription. */
export async function shakeHands(world: World, url: string): Promise<void> {
  const token = `Validation: Testing client application reachability for subscription Request-Id: ${guid(world.random)}`;
  const failed = (why: string): Error => badRequest(`Subscription validation request failed. ${why}`, 'ValidationError');
  // The simulator speaks with this machine alone.
  if (!['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname)) throw failed('The notification endpoint cannot be reached.');
  const answer = await ask(`${url}${url.includes('?') ? '&' : '?'}validationToken=${encodeURIComponent(token)}`, world.behaviour.handshakeTimeoutMs);
  if (typeof answer === 'string') throw failed(answer);
  if (answer.status !== 200) throw failed(`Notification endpoint must respond with 200 OK to validation request, not ${answer.status}.`);
  if (!answer.type.toLowerCase().startsWith('text/plain')) throw failed("Notification endpoint must respond with content type 'text/plain'.");
  if (answer.body !== token) throw failed('Notification endpoint must respond with the decoded validation token.');
}

async function ask(url: string, timeoutMs: number): Promise<{ status: number; type: string; body: string } | string> {
  try {
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'text/plain; charset=utf-8' }, body: '', redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
    return { status: response.status, type: response.headers.get('content-type') ?? '', body: await response.text() };
  } catch (error) {
    // Refused, reset and too slow are answers of a kind; anything else is a bug here.
    if (error instanceof TypeError || error instanceof DOMException) return error.name === 'TimeoutError' ? 'The request timed out.' : 'The notification endpoint cannot be reached.';
    throw error;
  }
}
