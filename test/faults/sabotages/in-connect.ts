// Consents, tokens, watches, leaving; upkeep.
import { inFile, type Sabotage } from './sabotage.ts';

export const inConnect: readonly Sabotage[] = [
  ...inFile('lib/connect/erase-provider.ts', ['lib/connect/leave'], [
    { id: 'erasing-ends-over-another', breaks: 'An erasing asked for during its last walk begins again.', find: 'await parts.leaving.end(key, row.dueAt);', replace: 'await parts.leaving.end(key);' },
  ]),
  ...inFile('lib/platform/watched.ts', ['lib/upkeep/census'], [
    { id: 'ended-watch-is-well', breaks: 'A watch that ended unrenewed still rings.', find: '({ calendar_key, retired, expires_at }) => !retired && expires_at !== undefined &&', replace: '({ calendar_key, retired, expires_at }) => !retired && (expires_at ?? 0) > now &&' },
  ]),
  ...inFile('lib/connect/choose-calendars.ts', ['lib/connect/patch-connection'], [
    { id: 'ghost-of-a-connection', breaks: 'A choice of calendars makes no connection that is gone.', find: '`attribute_exists(provider_id) AND #state', replace: '`#state' },
  ]),
  ...inFile('lib/connect/patch-connection.ts', ['lib/connect/patch-connection'], [
    { id: 'refused-choice-unread', breaks: 'What a refused choice called unknown is read at once.', find: 'if (!saved && unread) await ring(parts, connection_id);', replace: '' },
  ]),
  ...inFile('lib/connect/account-claims.ts', ['lib/connect/consent'], [
    { id: 'second-connection-of-an-account', breaks: 'Who consents again renews the connection that is theirs.', find: "if (await put('attribute_not_exists(connection_id)')) return held;", replace: "if (await put('attribute_not_exists(connection_id)')) return { outcome: 'new' };" },
    { id: 'own-connection-forgotten', breaks: 'Nor where another provider held the account meanwhile.', find: "':then': claim.claimed_at })) ? held :", replace: "':then': claim.claimed_at })) ? { outcome: 'new' } :" },
  ]),
  ...inFile('lib/connect/leave.ts', ['lib/connect/leave'], [
    { id: 'late-removal-ignored', breaks: 'Events are removed also where that is asked for while the connection goes.', find: "const owed = name === 'events' && row.removes === 1 && row.removed !== 1;", replace: 'const owed = false;' },
  ]),
  ...inFile('lib/platform/leaving-rows.ts', ['lib/connect/leave'], [
    { id: 'second-look-skipped', breaks: 'An erasing asked for again looks again five minutes later.', find: "key.part === 'erase' ? ':zero' : 'if_not_exists", replace: "key.part === 'erase' ? 'if_not_exists(#step, :zero)' : 'if_not_exists" },
  ]),
  ...inFile('lib/outbound/targets.ts', ['lib/connect/leave'], [
    { id: 'handed-over-before-goodbye', breaks: 'A booking that changed hands just before a goodbye goes with the other events.', find: "found.filter(({ state, provider_id }) => state === 'disconnecting'", replace: "found.filter(({ state, provider_id }) => state !== state" },
  ]),
  ...inFile('lib/connect/consent-return.ts', ['lib/connect/consent'], [
    { id: 'state-not-bound', breaks: 'An answer belongs to the last opening of its link.', find: "if (!ourState) return { end: 'refused', refusal: 'tampered' };", replace: 'void ourState;' },
    { id: 'browser-not-bound', breaks: 'An answer belongs to the browser in which the link was opened.', find: "if (!ourBrowser) return { end: 'refused', refusal: 'other_browser' };", replace: 'void ourBrowser;' },
    { id: 'old-answer-accepted', breaks: 'A link ends after ten minutes.', find: 'Math.min(start.ends_at, start.answer_by ?? start.ends_at) <= parts.clock()', replace: 'Math.min(start.ends_at, start.answer_by ?? start.ends_at) <= 0' },
  ]),
  ...inFile('lib/connect/consent-starts.ts', ['lib/connect/consent'], [
    { id: 'code-exchanged-twice', breaks: 'No code is exchanged twice.', find: "condition: 'attribute_not_exists(used_at) AND state_hash = :state'", replace: "condition: 'state_hash = :state'" },
    { id: 'hash-compared-by-time', breaks: 'What proves a consent is compared in constant time.', find: 'a.length === b.length && timingSafeEqual(a, b) && stored', replace: 'a.equals(b) && stored', suites: ['lib/platform/constant-time'] },
  ]),
  ...inFile('lib/connect/open-consent.ts', ['lib/connect/consent'], [
    { id: 'pkce-verifier-shown', breaks: 'The verifier of a consent is not sent with its challenge.', find: "createHash('sha256').update(verifier).digest('base64url')", replace: 'createHash && verifier' },
    { id: 'oauth-closed-opens', breaks: 'With OAUTH off no consent begins.', find: 'if (refusal !== undefined) return', replace: "if (refusal === 'unknown') return" },
  ]),
  ...inFile('lib/calendars/google/consent.ts', ['lib/connect/consent', 'simulators/consent', 'contracts/oauth-peer'], [
    { id: 'google-pkce-skipped', breaks: 'A stolen code is worth nothing without the verifier.', find: "        code_challenge: challenge,\n        code_challenge_method: 'S256',\n", replace: '', and: { find: ', code_verifier: verifier });', replace: " });\n      void verifier;" } },
  ]),
  ...inFile('lib/connect/finish-consent.ts', ['lib/connect/consent'], [
    { id: 'partial-grant-kept', breaks: 'A grant without the scopes that are needed is given back.', find: 'dialog.missing(answer.scopes).length > 0', replace: 'dialog.missing(answer.scopes).length > 99' },
    { id: 'closed-oauth-connects', breaks: 'A consent that a gate closed upon makes no connection.', find: "if (consentGate(await parts.settings.read(), owner.providerId) !== 'open') throw new GateClosed();", replace: '', suites: ['lib/connect/consent', 'faults/kill-switch'] },
  ]),
  ...inFile('lib/connect/start-consent.ts', ['lib/connect/consent'], [
    { id: 'oauth-flag-ignored', breaks: 'With OAUTH off nobody connects anew.', find: 'every(snapshot.flag(Setting.oauthEnabled), snapshot.allows(Setting.providerAllowlist, providerId))', replace: 'snapshot.allows(Setting.providerAllowlist, providerId)' },
    { id: 'oauth-list-ignored', breaks: 'Only providers on the list connect.', find: 'every(snapshot.flag(Setting.oauthEnabled), snapshot.allows(Setting.providerAllowlist, providerId))', replace: 'snapshot.flag(Setting.oauthEnabled)' },
  ]),
  ...inFile('lib/connect/token-vault.ts', ['lib/connect/token-vault'], [
    { id: 'token-used-before-stored', breaks: 'A renewed token is stored before it is used.', find: 'if (await store(parts, connection.connection_id, { before: had, after: record })) {', replace: 'void store(parts, connection.connection_id, { before: had, after: record });\n      if (record) {', suites: ['lib/connect/token-vault', 'faults/crash-points-microsoft'] },
    { id: 'newer-token-overwritten', breaks: 'No newer refresh token is overwritten by an older one.', find: "ConditionExpression: 'tokens = :before',", replace: "ConditionExpression: 'tokens = :before OR attribute_exists(tokens)'," },
    { id: 'refreshed-many-times', breaks: 'One run renews a token once.', find: 'renewing ??= renewed(', replace: 'renewing = renewed(' },
    { id: 'lost-race-is-dead-grant', breaks: 'A grant that another run has just renewed is not dead.', find: "error.kind === 'grant_dead' ? await newer(snapshot, had) : undefined;", replace: "error.kind === 'misconfigured' ? await newer(snapshot, had) : undefined;" },
    { id: 'unknown-key-is-dead-grant', breaks: 'Tokens under a key that the ring lacks are retried.', find: "if (error instanceof UnknownSealKey) throw new CalendarError('unavailable', { reason: error.message });", replace: "if (error instanceof UnknownSealKey) throw new CalendarError('grant_dead', { reason: error.message });" },
  ]),
  ...inFile('lib/connect/grant-died.ts', ['lib/connect/grant-died'], [
    { id: 'new-grant-called-dead', breaks: 'A grant that was given anew meanwhile is not called dead.', find: "'#state = :active AND granted_at = :granted'", replace: "'#state = :active AND granted_at >= :granted'" },
  ]),
  ...inFile('lib/connect/watch-care.ts', ['lib/connect/watch-care', 'lib/connect/watch-troubles'], [
    { id: 'watch-asked-before-saved', breaks: 'A watch is on the row before it is asked for.', find: '  await saveWatches(care, [...connection.watches, planned]);\n', replace: '' },
    { id: 'watches-overwritten', breaks: 'Two holders of the lease do not lose each other’s watches.', find: ": 'watches_revision = :seen',", replace: ": 'watches_revision >= :seen',", suites: ['lib/connect/watch-race'] },
    { id: 'old-watch-not-stopped', breaks: 'A watch that was replaced is stopped.', find: 'for (const watch of retired) await attempt(() => stopOrKeep(care, watch));', replace: 'void stopOrKeep;' },
    { id: 'gone-subscription-kept', breaks: 'A subscription that Graph has forgotten is made anew.', find: "if (renewed === 'gone' || renewed === undefined) return make(care, calendar, [watch]);", replace: "if (renewed === 'gone' || renewed === undefined) return;" },
  ]),
  ...inFile('lib/connect/watch-plan.ts', ['lib/connect/watch-plan'], [
    { id: 'watch-renewed-too-late', breaks: 'A watch is renewed well before its end.', find: 'expires_at - life * (0.2 + 0.2 * place)', replace: 'expires_at + life * (0.2 + 0.2 * place)' },
    { id: 'old-key-kept', breaks: 'A subscription under an old key is recreated at its next renewal.', find: '(isDue && (!graph || oldKey))', replace: '(isDue && !graph)' },
  ]),
  ...inFile('lib/connect/leave.ts', ['lib/connect/leave'], [
    { id: 'shared-grant-revoked', breaks: 'A grant that another connection needs is not revoked.', find: 'if (await neededByOthers(parts, connection)) return done;', replace: 'void neededByOthers;' },
    { id: 'leaving-writes-with-sync-off', breaks: 'With SYNC off a connection that leaves writes nothing to its calendar.', find: "if (waitsForSync && syncGate(await parts.settings.read(), connection.provider_id) !== 'open') return", replace: 'if (waitsForSync && row.step < 0) return', and: { find: "if (gated && syncGate(await parts.settings.read(), connection.provider_id) !== 'open') throw new GateClosed();", replace: 'void gated;' } },
    { id: 'watches-left-behind', breaks: 'A connection that leaves stops its watches.', find: 'for (const watch of named) await calendars.stop(watch);', replace: 'void named;' },
    { id: 'removal-not-told', breaks: 'The platform is told that a connection is gone.', find: "await changes.tell({ type: 'connection.removed', connection_id, provider_id, cause: String(row.since) }, clock());", replace: 'void [changes, clock, row, provider_id];' },
  ]),
  ...inFile('lib/upkeep/gate-sweep.ts', ['lib/upkeep/gate-sweep', 'faults/kill-switch'], [
    { id: 'sweep-begins-at-the-same-shard', breaks: 'A sweep comes round though the lists change meanwhile.', find: 'const first = sweep === undefined ? 0 : shardAt(sweep, sweep.done);', replace: 'const first = 0;', suites: ['lib/upkeep/gate-sweep'] },
    { id: 'opened-gate-marks-nobody', breaks: 'Whoever a gate lets in again is read once.', find: 'return reads && (then === undefined ||', replace: 'return reads && then === undefined && (' },
    { id: 'second-change-forgets-first', breaks: 'A gate that changes during a sweep forgets nobody whom the change before concerned.', find: "[...earlier, seen];", replace: '[seen];' },
    { id: 'unknown-gates-noted', breaks: 'From unknown settings nothing is concluded.', find: "if (sync === 'unknown' || webhook === 'unknown') return undefined;", replace: '' },
    { id: 'sweep-at-once', breaks: 'A sweep waits until every cache has the new gates.', find: 'const settle = minutes(1);', replace: 'const settle = minutes(0);' },
  ]),
  ...inFile('lib/upkeep/tick.ts', ['lib/upkeep/tick'], [
    { id: 'sweep-without-a-turn', breaks: 'However much waits, the gates are swept.', find: 'rings.length + (seen?.sync ? 2 : 0)', replace: 'rings.length' },
    { id: 'lost-hints-stay-lost', breaks: 'What is dirty and not hinted is rung for again.', find: "    ['dirty', (goOn) => ringConnections(run, 'dirty', { index: dirtyWalk(run), goOn })],\n", replace: '' },
    { id: 'pending-not-rung', breaks: 'What is pending and not hinted is rung for again.', find: "    ['pending', (goOn) => ringBookings(run, goOn)],\n", replace: '' },
    { id: 'rings-into-back-off', breaks: 'Upkeep does not ring for connections at work or backing off.', find: " && notBefore(row, 'leaseUntil') <= run.startedAt && notBefore(row, 'backoffUntil') <= run.startedAt);", replace: ');' },
    { id: 'rings-for-the-shut-out', breaks: 'Upkeep does not ring, minute by minute, for whom the list does not admit.', find: "run.heldUp.admits(row['provider_id']?.S) && ", replace: '' },
    { id: 'jobs-rung-with-jobs-off', breaks: 'With JOBS off nobody is rung for a poll.', find: '...(jobs ? [[', replace: '...(jobs || sync ? [[', suites: ['lib/upkeep/tick', 'faults/kill-switch'] },
    { id: 'rings-with-sync-off', breaks: 'With SYNC off upkeep rings for nothing but leaving.', find: '...(seen?.sync ? underSync : [])', replace: '...(seen ? underSync : [])' },
    { id: 'one-walk-fails-all', breaks: 'A walk that fails does not starve the others.', find: '      failures.push(failure);\n    }\n  }\n  return { walks, failures };', replace: '      throw failure;\n    }\n  }\n  return { walks, failures };' },
  ]),
  ...inFile('lib/upkeep/walk.ts', ['lib/upkeep/tick'], [
    { id: 'walk-begins-anew', breaks: 'A walk goes on where the last tick stopped.', find: 'const first = (run.from?.shard ?? 0) % index.shards.length;', replace: 'const first = 0 * (run.from?.shard ?? 0);' },
  ]),
];
