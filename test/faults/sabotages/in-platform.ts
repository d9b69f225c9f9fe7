// Settings, leases, keys, queues, back-off.
import { inFile, type Sabotage } from './sabotage.ts';

export const inPlatform: readonly Sabotage[] = [
  ...inFile('lib/platform/allowlist.ts', ['lib/platform/allowlist'], [
    { id: 'empty-list-is-everyone', breaks: 'An empty allowlist admits nobody.', find: 'allows: (id) => everyone ||', replace: 'allows: (id) => everyone || (ids.size === 0 && share === 0) ||' },
    { id: 'percent-drops', breaks: 'Raising a percentage never drops anyone.', find: 'placeOf(id) < share)', replace: '(placeOf(id) + share) % 1 < share)' },
    { id: 'percent-of-connections', breaks: 'The list of connections takes ids and no shares.', find: 'else if (percent && /', replace: 'else if (/' },
  ]),
  ...inFile('lib/platform/settings.ts', ['lib/platform/settings', 'faults/kill-switch'], [
    { id: 'unknown-is-off', breaks: 'Unknown settings are unknown, not off: webhooks must answer 503, not 403.', find: "{ flag: () => 'unknown', allows", replace: "{ flag: () => 'closed', allows" },
    { id: 'unknown-is-on', breaks: 'While a gate is unknown no calendar is read or written.', find: "gates.includes('unknown') ? 'unknown' : 'open'", replace: "'open'" },
    { id: 'any-text-is-on', breaks: 'Only `true` is on.', find: "values.get(name)?.trim().toLowerCase() === 'true'", replace: "(values.get(name) ?? 'false').trim().toLowerCase() !== 'false'" },
    { id: 'sync-flag-ignored', breaks: 'SYNC off stops every read and write of a calendar.', find: 'every(snapshot.flag(Setting.syncEnabled), snapshot.allows(Setting.providerAllowlist, providerId))', replace: 'snapshot.allows(Setting.providerAllowlist, providerId)', suites: ['faults/kill-switch'] },
    { id: 'provider-list-ignored', breaks: 'Only providers on the list are read and written.', find: 'every(snapshot.flag(Setting.syncEnabled), snapshot.allows(Setting.providerAllowlist, providerId))', replace: 'snapshot.flag(Setting.syncEnabled)', suites: ['faults/kill-switch'] },
    { id: 'settings-kept-for-ever', breaks: 'After five minutes without SSM the settings are unknown.', find: 'last && clock() - last.at <= keptFor ?', replace: 'last ?' },
    { id: 'settings-cached-long', breaks: 'A turned flag is effective within 60 s.', find: 'const freshFor = seconds(30);', replace: 'const freshFor = seconds(120);' },
    { id: 'settings-failure-is-fatal', breaks: 'The last good settings serve for five minutes when SSM fails.', find: 'askAgainAt = clock() + seconds(1 + 4 * random());', replace: 'last = undefined;' },
  ]),
  ...inFile('lib/platform/connection-gate.ts', ['lib/inbound/pull', 'faults/kill-switch'], [
    { id: 'unknown-gate-passes', breaks: 'Work under way stops once the gates are unknown.', find: "!== 'open') throw new GateClosed();", replace: "=== 'closed') throw new GateClosed();" },
    { id: 'pause-unseen', breaks: 'A pause reaches work that is under way.', find: '?.paused_at !== undefined) throw new GateClosed();', replace: '?.paused_at === 0) throw new GateClosed();', suites: ['lib/connect/pause', 'lib/inbound/pull', 'lib/outbound/drain'] },
  ]),
  ...inFile('lib/platform/lease.ts', ['lib/platform/lease', 'faults/races'], [
    { id: 'fence-not-raised', breaks: 'Each holder of a lease has a fence of its own.', find: 'Math.max(old + 1, now)', replace: 'Math.max(old, now)' },
    { id: 'fence-turned-back', breaks: 'A restore of the table cannot turn a fence back.', find: 'Math.max(old + 1, now)', replace: 'old + (now > 0 ? 1 : 2)' },
    { id: 'lease-taken-twice', breaks: 'Of two workers one gets the lease.', find: 'expression: `#fence = :seen AND ${free}`', replace: 'expression: `#fence <= :seen OR #fence > :seen OR ${free}`' },
    { id: 'zombie-releases', breaks: 'Who lost the lease saves nothing with its release.', find: "giveBack(lease, change, '#fence = :mine'),", replace: "giveBack(lease, change, '#fence >= :mine'),", suites: ['lib/platform/lease', 'faults/races'] },
    { id: 'given-up-twice', breaks: 'A release whose answer was lost is not undone by a failure after it.', find: "'#fence = :mine AND attribute_exists(leaseUntil)'", replace: "'#fence = :mine'" },
  ]),
  ...inFile('lib/platform/watch-token.ts', ['lib/ingest/authenticity', 'lib/platform/secrets'], [
    { id: 'mac-not-compared', breaks: 'A forged watch token is refused.', find: 'timingSafeEqual(spelled, padded) && given.length', replace: 'given.length' },
    { id: 'mac-compared-by-time', breaks: 'A MAC is compared in constant time.', find: 'timingSafeEqual(spelled, padded) && given.length === spelled.length', replace: 'spelled.equals(given)', suites: ['lib/platform/constant-time'] },
    { id: 'token-of-other-provider', breaks: 'A token of one calendar provider is worth nothing at the other.', find: '[version, provider, key.id, connectionId, nonce].join', replace: '[version, key.id, connectionId, nonce].join' },
    { id: 'token-of-other-channel', breaks: 'A token is bound to the channel it was made for.', find: '[version, provider, key.id, connectionId, nonce].join', replace: "[version, provider, key.id, connectionId, nonce && ''].join" },
    { id: 'dummy-key-verifies', breaks: 'The dummy key that keeps the time constant verifies nobody.', find: 'equal && wellFormed && key !== undefined ?', replace: 'equal && wellFormed ?' },
  ]),
  ...inFile('lib/platform/key-ring.ts', ['lib/platform/secrets'], [
    { id: 'new-key-signs-at-once', breaks: 'A key signs only once every cache has it.', find: 'byAge.find(({ signsFrom }) => signsFrom <= now)', replace: 'byAge.find(({ signsFrom }) => signsFrom <= now || signsFrom > now)' },
    { id: 'short-keys', breaks: 'A key has 32 bytes.', find: 'if (secret.length !== 32)', replace: 'if (secret.length > 32)' },
  ]),
  ...inFile('lib/platform/seal.ts', ['lib/platform/secrets'], [
    { id: 'seal-not-bound', breaks: 'A sealed record is worth nothing in another connection’s row.', find: 'iv).setAAD(Buffer.from(connectionId));', replace: 'iv);', and: { find: '    .setAAD(Buffer.from(connectionId))\n', replace: '' } },
    { id: 'seal-key-unknown-is-damage', breaks: 'A record under a key that the ring lacks is unknown, never a dead grant.', find: 'throw new UnknownSealKey(keyId);', replace: "throw new Error('damaged');", suites: ['lib/platform/secrets', 'lib/connect/token-vault'] },
    { id: 'seal-iv-repeated', breaks: 'No two records are sealed under one nonce.', find: 'const iv = random(12);', replace: 'const iv = Buffer.alloc(12, random(0));' },
  ]),
  ...inFile('lib/platform/telemetry.ts', ['lib/platform/telemetry'], [
    { id: 'redaction-off', breaks: 'The message of an error that is not ours is never logged: it can carry a token.', find: 'return error instanceof Error ? error.name : typeof error;', replace: 'return error instanceof Error ? error.message : typeof error;' },
    { id: 'aws-error-told-whole', breaks: 'The message of a client of AWS is never logged.', find: 'return [error.name, error.$metadata.httpStatusCode]', replace: 'return [error.message, error.$metadata.httpStatusCode]' },
    { id: 'stack-told-whole', breaks: 'A stack in the log begins after the message.', find: 'lines.slice(lines.findLastIndex((line) => !frame.test(line)) + 1)', replace: 'lines' },
  ]),
  ...inFile('lib/platform/backoff.ts', ['lib/platform/small-rules'], [
    { id: 'back-off-removed', breaks: 'After a failure nothing is tried again at once.', find: 'Math.max(retryAfterMs, Math.round(shortest + (ceiling - shortest) * random()))', replace: 'retryAfterMs' },
    { id: 'retry-after-ignored', breaks: 'What the provider asked for is the least that is waited.', find: 'Math.max(retryAfterMs, Math.round(shortest + (ceiling - shortest) * random()))', replace: 'Math.round(shortest + (ceiling - shortest) * random()) + 0 * retryAfterMs' },
    { id: 'back-off-in-step', breaks: 'Back-off is jittered, so that a fleet does not come back at once.', find: '(ceiling - shortest) * random()', replace: '(ceiling - shortest) * Math.max(1, random())' },
  ]),
  ...inFile('lib/platform/hint-queue.ts', ['lib/platform/hint-queue'], [
    { id: 'refused-hints-forgotten', breaks: 'A batch of hints of which the queue refused one is a failure.', find: 'if (refused > 0)', replace: 'if (refused > hints.length)' },
    { id: 'hint-delay-dropped', breaks: 'A delayed hint is delayed.', find: '...(delaySeconds > 0 && {', replace: '...(delaySeconds > longestDelay && {' },
  ]),
  ...inFile('lib/platform/dead-letters.ts', ['lib/outbound/receive-booking-batch', 'faults/poison'], [
    { id: 'dead-letter-body-lost', breaks: 'A dead letter has its original body.', find: 'MessageBody: body,', replace: 'MessageBody: JSON.stringify({ reason, size: body.length }),' },
    { id: 'dead-letter-reason-lost', breaks: 'A dead letter says why.', find: "reason: { DataType: 'String', StringValue: reason }, ", replace: '' },
    { id: 'dead-letter-id-lost', breaks: 'A dead letter says which message it was.', find: "messageId: { DataType: 'String', StringValue: messageAttributes", replace: "was: { DataType: 'String', StringValue: messageAttributes" },
    { id: 'redriven-letter-loses-its-origin', breaks: 'A dead letter that was redriven and died again keeps the id it first had.', find: "messageAttributes?.['messageId']?.stringValue ?? messageId", replace: 'messageId || messageAttributes' },
  ]),
  ...inFile('lib/platform/quota.ts', ['lib/platform/quota'], [
    { id: 'polls-take-all', breaks: 'Polls leave calls for notices and bookings.', find: 'share: { poll: 0.6,', replace: 'share: { poll: 1,' },
    { id: 'user-budget-ignored', breaks: 'One account cannot use up the project’s budget.', find: 'if (left < 1) refuse(', replace: 'if (left < -1e9) refuse(' },
  ]),
  ...inFile('lib/platform/log-fields.ts', ['functions/log-lines'], [
    { id: 'any-field-logged', breaks: 'A log line says nothing that is not on the list.', find: 'if (!known.has(name)) unlisted += 1;', replace: "if (name === '') unlisted += 1;" },
  ]),
  ...inFile('lib/platform/trace.ts', ['lib/platform/trace'], [
    { id: 'story-ends-with-the-hint', breaks: 'What a worker rings for goes on under the id of its own hint.', find: 'send({ ...hint, correlation }, ...rest)', replace: 'send(hint, ...rest)' },
    { id: 'strange-ids-logged', breaks: 'An id that a stranger wrote is not taken over.', find: 'uuid.test(value) ? value', replace: "value !== '' ? value" },
  ]),
  ...inFile('lib/platform/messages.ts', ['lib/platform/trace'], [
    { id: 'hint-brings-no-id', breaks: 'A hint brings the id of its story.', find: "const correlation = readCorrelation(hint['correlation']);", replace: "const correlation = readCorrelation(hint['was']);" },
  ]),
];
