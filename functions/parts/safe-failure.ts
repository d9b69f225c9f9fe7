import type { MiddlewareObj } from '@middy/core';
import { safeError, type Log } from '../../lib/platform/telemetry.ts';

/** What the Lambda runtime gets to see, and to log, of a failure: nothing that we did not write. */
export class InvocationFailed extends Error {
  override readonly name = 'InvocationFailed';
  constructor() {
    super('The line before this one tells why.');
  }
}

/** The runtime logs what is thrown as it is, and the message of a client's error can hold a token: it is told by what is safe in it, and replaced. */
export const safeFailure = (log: Pick<Log, 'error'>): MiddlewareObj => ({
  onError: (request) => {
    log.error('invocation failed', { error: safeError(request.error) });
    request.error = new InvocationFailed();
  },
});
