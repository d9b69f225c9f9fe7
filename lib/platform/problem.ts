// Errors for callers of ours, as application/problem+json (RFC 9457) with a stable `type`.
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

export type ProblemType = 'bad-request' | 'not-found' | 'unavailable' | 'conflict' | 'forbidden';
const statuses: Record<ProblemType, { status: number; title: string }> = {
  'bad-request': { status: 400, title: 'The request cannot be answered as it stands.' },
  forbidden: { status: 403, title: 'This is turned off, or not allowed for this provider.' },
  'not-found': { status: 404, title: 'There is nothing of this id.' },
  conflict: { status: 409, title: 'This cannot be done in the present state.' },
  unavailable: { status: 503, title: 'Try again in a moment.' },
};

/** Thrown inside a handler of ours to answer with a problem; `detail` is a sentence for the caller. */
export class Problem extends Error {
  readonly type: ProblemType;
  constructor(type: ProblemType, detail: string) {
    super(detail);
    this.name = 'Problem';
    this.type = type;
  }
}

export function problemAnswer({ type, message }: Problem): APIGatewayProxyStructuredResultV2 {
  const { status, title } = statuses[type];
  return {
    statusCode: status,
    headers: { 'content-type': 'application/problem+json', ...(status === 503 && { 'retry-after': '5' }) },
    body: JSON.stringify({ type: `urn:calendar-sync:problem:${type}`, title, status, detail: message }),
  };
}

export const jsonAnswer = (statusCode: number, body: unknown): APIGatewayProxyStructuredResultV2 => ({
  statusCode,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: JSON.stringify(body),
});

/** Runs a handler of ours: a Problem becomes its answer; anything else is told, and the caller may try again. */
export async function answering(work: () => Promise<APIGatewayProxyStructuredResultV2>, told: (failure: unknown) => void): Promise<APIGatewayProxyStructuredResultV2> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Problem) return problemAnswer(error);
    told(error);
    return problemAnswer(new Problem('unavailable', 'Something that we depend on did not answer. Nothing was changed half way; ask again.'));
  }
}
