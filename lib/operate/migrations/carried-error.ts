// What the system before noted as its last error may hold tokens, addresses and titles: of it only what is sure to be none is carried over.

const known = ['invalid_grant', 'rateLimitExceeded', 'userRateLimitExceeded', 'quotaExceeded', 'timeout', 'ETIMEDOUT', 'ECONNRESET', 'unauthorized', 'forbidden', 'not found', 'unavailable', 'sync token'] as const;

export function carriedError(text: string): string {
  const status = /\b[45]\d\d\b/.exec(text)?.[0];
  const word = known.find((one) => text.toLowerCase().includes(one.toLowerCase()));
  return ['carried over', status, word].filter((part) => part !== undefined).join(' ');
}
