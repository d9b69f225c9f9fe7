// Webhooks: authentic, durable before answered, once.
import { inFile, type Sabotage } from './sabotage.ts';

export const inIngest: readonly Sabotage[] = [
  ...inFile('lib/ingest/receive-webhook.ts', ['lib/ingest/statuses', 'lib/ingest/hints'], [
    {
      id: 'hint-before-record', breaks: 'A notice is recorded before anyone is rung for it.',
      find: '    const recorded = await inbox.record(delivery, clock(), signal);\n',
      replace: "    await hints.send({ v: 1, hint: 'pull', connection_id: delivery.connectionId, watch: delivery.watch }, 0, signal);\n    const recorded = { ...(await inbox.record(delivery, clock(), signal)), ring: false };\n",
    },
    { id: 'lost-hint-accepted', breaks: 'A notice whose hint was not sent is answered 503, so that it comes again.', find: 'watch: delivery.watch, correlation }, 0, signal);', replace: 'watch: delivery.watch, correlation }, 0, signal).catch(() => undefined);' },
    { id: 'webhook-flag-ignored', breaks: 'With WEBHOOK off every notice is refused.', find: "if (webhooks === 'closed') return refuse(parts, 'webhooks_off');", replace: '', suites: ['lib/ingest/statuses', 'faults/kill-switch'] },
    { id: 'webhook-unknown-is-off', breaks: 'Unknown flags are answered 503: a 403 would lose the notice.', find: "if (webhooks === 'closed')", replace: "if (webhooks !== 'open')" },
    { id: 'connection-list-ignored', breaks: 'Only connections on the list are heard.', find: "!== 'open') refused = 'not_allowlisted';", replace: "=== 'unknown') refused = 'not_allowlisted';", suites: ['lib/ingest/statuses', 'faults/kill-switch'] },
    { id: 'half-durable-accepted', breaks: 'A post of which one item was not made durable is answered 503.', find: 'if (failed) return refuse(', replace: "if (failed && !ends.includes('accepted')) return refuse(" },
    { id: 'relay-header-optional', breaks: 'Where a relay secret is set, its signature is required.', find: 'if (relay && !relaySigned(', replace: 'if (relay && request.headers[relayHeaders[parts.provider]] && !relaySigned(', suites: ['lib/ingest/authenticity', 'lib/ingest/statuses'] },
    { id: 'neighbours-refused', breaks: 'One item that is not authentic does not cost the others of its post theirs.', find: 'if (!watch) continue;', replace: "if (!watch) return { allowed: [], refused: 'not_authentic' };" },
    { id: 'all-at-once', breaks: 'At most ten connections of a post are written at a time.', find: 'const writesAtOnce = 10;', replace: 'const writesAtOnce = 1000;' },
  ]),
  ...inFile('lib/ingest/inbox.ts', ['lib/ingest/one-write', 'lib/ingest/hints'], [
    { id: 'dedupe-dropped', breaks: 'A delivery seen before is a duplicate and changes nothing.', find: "someNew ? known : `${known} AND (${news.join(' OR ')})`", replace: 'known' },
    { id: 'dedupe-refuses-some-new', breaks: 'A post that holds one new key is accepted.', find: "news.join(' OR ')", replace: "news.join(') AND (')" },
    { id: 'lifecycle-is-duplicate', breaks: 'What cannot be told from a redelivery is never a duplicate.', find: 'const someNew = neverDuplicate ||', replace: 'const someNew =' },
    { id: 'erased-connection-revived', breaks: 'A notice for an erased connection makes no row.', find: "const known = 'attribute_exists(connection_id)';", replace: "const known = 'attribute_not_exists(erased)';", suites: ['lib/ingest/statuses'] },
    { id: 'every-notice-rings', breaks: 'Only the step from clean to dirty sends a hint.', find: 'ring: before === undefined || isOurOwn(before, now, $metadata.attempts)', replace: 'ring: before !== null || isOurOwn(before, now, $metadata.attempts)' },
    { id: 'unhinted-stays-so', breaks: 'A redelivery to a row that is long dirty rings again.', find: '(now - Number(dirtySince) > perhapsUnhinted || isOurOwn(', replace: '(isOurOwn(' },
    { id: 'own-first-try-not-rung', breaks: 'A write whose first answer was lost still owes its hint.', find: 'attempts > 1 && Number(dirtySince) === now', replace: 'attempts > 99 && Number(dirtySince) === now', suites: ['lib/ingest/hints', 'lib/ingest/one-write', 'faults/crash-points-google'] },
    { id: 'dirty-since-moves', breaks: 'A row is dirty since its first unseen notice.', find: "'dirtySince = if_not_exists(dirtySince, :now)'", replace: "'dirtySince = :now'" },
    { id: 'generation-not-raised', breaks: 'A notice that lands during a pull keeps the mark from being cleared.', find: "':one': { N: '1' }", replace: "':one': { N: '0' }" },
    { id: 'watch-due-forgotten', breaks: 'A lifecycle notice asks for a look at the watch.', find: "if (watchDue) sets.push('watchDue = :now');", replace: 'void watchDue;' },
  ]),
  ...inFile('lib/ingest/relay-signature.ts', ['lib/ingest/authenticity'], [
    { id: 'relay-signature-not-compared', breaks: 'A relay’s forged signature is refused.', find: 'timingSafeEqual(expected, padded) && given.length', replace: 'given.length' },
    { id: 'relay-signature-by-time', breaks: 'A relay’s signature is compared in constant time.', find: 'timingSafeEqual(expected, padded) && given.length === expected.length', replace: 'expected.equals(given)', suites: ['lib/platform/constant-time'] },
  ]),
  ...inFile('lib/ingest/read-google-notice.ts', ['lib/ingest/one-write', 'lib/ingest/authenticity', 'lib/ingest/bad-input'], [
    { id: 'channels-share-slots', breaks: 'The first notice of a new channel is not taken for one of the old.', find: 'keyOf(digestOf(channelId, messageNumber))', replace: 'keyOf(digestOf(messageNumber))', suites: ['lib/ingest/statuses'] },
    { id: 'google-relay-signs-body-alone', breaks: 'A relay signs what a Google notice says, which is not in its body.', find: 'signed: Buffer.concat([Buffer.from(`${channelId}.${messageNumber}.`), body]),', replace: 'signed: body,' },
  ]),
  ...inFile('lib/ingest/read-microsoft-notices.ts', ['lib/ingest/handshake', 'lib/ingest/bad-input', 'lib/ingest/one-write'], [
    { id: 'handshake-echoes-html', breaks: 'The handshake echoes nothing that a browser could run.', find: '!/[\\p{Cc}<>]/u.test(token)', replace: 'token.length > 0' },
    { id: 'body-unbounded', breaks: 'A body over 256 KB is refused unread.', find: "if (body.length > largestBody) return rejected('too_large');", replace: '' },
    { id: 'etag-not-in-key', breaks: 'Two changes of one Graph event are two notices.', find: 'digestOf(subscriptionId, changeType, id, etag)', replace: 'digestOf(subscriptionId, changeType, id)' },
  ]),
];
