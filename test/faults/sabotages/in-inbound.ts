// From a mark to busy rows, and what readers make of them.
import { inFile, type Sabotage } from './sabotage.ts';

const pulls = ['lib/inbound/pull', 'lib/inbound/repairs', 'lib/inbound/crashes'];

export const inInbound: readonly Sabotage[] = [
  ...inFile('lib/inbound/sync-connection.ts', pulls, [
    {
      id: 'cursor-first', breaks: 'The cursor moves after all that it stands for is applied.', suites: ['lib/inbound/crashes', 'faults/crash-points-google'],
      find: '  await eachConcurrently(plan.removals, 40,',
      replace: '  for (const [key, row] of read.cursors) await states.saveCursor(lease, key, row);\n  await eachConcurrently(plan.removals, 40,',
    },
    { id: 'cursor-not-saved', breaks: 'What was read once is not read again.', find: "if (!(await states.saveCursor(lease, key, row))) return { outcome: 'lease_lost' };", replace: 'void [states, lease, key, row];' },
    { id: 'removals-forgotten', breaks: 'A slot whose event is gone is free again.', find: 'await eachConcurrently(plan.removals, 40,', replace: 'await eachConcurrently([...plan.removals].slice(0, 0), 40,' },
    { id: 'gate-once-a-pull', breaks: 'The gates are looked at again before each page.', find: '      await gate();\n', replace: '', suites: ['faults/kill-switch', 'lib/inbound/pull'] },
    { id: 'takeover-without-relist', breaks: 'After taking over an expired lease everything is listed again.', find: ", endsAt, onTakeover: dueChange(relist, connectionId) });", replace: ', endsAt });', suites: ['lib/inbound/repairs', 'lib/inbound/crashes', 'faults/races'] },
    { id: 'trailing-pull-dropped', breaks: 'Graph’s deltas lag behind its notices: one more pull follows.', find: "const trailing = decision.dirty && connection.calendar_provider === 'microsoft';", replace: 'const trailing = false;' },
    { id: 'dropped-calendar-stays', breaks: 'The busy time of a calendar that is read no more goes.', find: 'plan.sweep(place, (await rows.ofCalendar(place)).keys());', replace: 'void place;' },
    { id: 'unreadable-calendar-stops-others', breaks: 'One calendar that cannot be read does not stop the others.', find: "if (!(error instanceof CalendarError) || error.kind !== 'unreadable') throw error;", replace: 'if (error) throw error;' },
  ]),
  ...inFile('lib/inbound/pull-endings.ts', pulls, [
    { id: 'list-lost-in-a-pause', breaks: 'The list that a consent asks for is had once somebody lists.', find: 'read ? state.inbox.listDue : undefined', replace: 'state.inbox.listDue', suites: ['lib/inbound/consent-meanwhile'] },
    {
      id: 'clear-before-release', breaks: 'The mark is cleared after the release: the other order loses a wake-up.', suites: ['faults/crash-points-google', 'lib/inbound/pull', 'faults/races'],
      find: '  if (!(await leases.release(lease, { ...change, ...meter.count() }))) return false;\n  const cleared = await states.clear(lease.connectionId, state.inbox.generation, read ? state.inbox.listDue : undefined);\n',
      replace: '  const cleared = await states.clear(lease.connectionId, state.inbox.generation, read ? state.inbox.listDue : undefined);\n  if (!(await leases.release(lease, { ...change, ...meter.count() }))) return false;\n',
    },
    { id: 'landed-notice-not-rung', breaks: 'A notice that landed during a pull is rung for at once.', find: 'await hints.send({ v: 1, hint: \'pull\', connection_id: lease.connectionId }, 1);', replace: 'void hints;' },
    { id: 'closed-gate-counts-as-failure', breaks: 'A gate that closes under a pull is no failure: nothing backs off.', find: '  if (error instanceof GateClosed) {\n    await parts.leases.giveUp(lease, {});\n    return { outcome: \'gated\' };\n  }\n', replace: '', suites: ['lib/inbound/pull', 'faults/kill-switch'] },
    { id: 'failure-without-back-off', breaks: 'A calendar that fails is left alone for a while.', find: '{ backoffUntil: parts.clock() + wait, errorCount, lastError', replace: '{ errorCount, lastError' },
    { id: 'failure-clears-the-mark', breaks: 'A failed pull leaves its mark.', find: '  const errorCount = (state.pull.errorCount ?? 0) + 1;', replace: '  await parts.states.clear(lease.connectionId, state.inbox.generation);\n  const errorCount = (state.pull.errorCount ?? 0) + 1;' },
    { id: 'dead-grant-not-told', breaks: 'A dead grant is told to the platform once, and no more calls are made.', find: 'await parts.grantDied(connection);', replace: '' },
  ]),
  ...inFile('lib/inbound/pull-calendar.ts', [...pulls, 'lib/inbound/no-blink'], [
    { id: 'removal-before-put', breaks: 'A moved event never blinks free.', suites: ['lib/inbound/no-blink', 'faults/crash-points-google'], find: 'const { puts, series } = await decide(pull, page, { window: row.window, complete: false });', replace: 'const { puts, series } = await decide(pull, page, { window: row.window, complete: false });\n      for (const [rowKey, { providerId }] of plan.removals) await rows.remove(providerId, rowKey, { fence: lease.fence, now });' },
    { id: 'sweep-before-mark', breaks: 'A new list replaces what it no longer names, and only after it has named all.', suites: ['lib/inbound/no-blink', 'faults/crash-points-google'], find: 'const unnamed = new Set(there.keys());', replace: 'const unnamed = new Set(there.keys());\n  for (const rowKey of unnamed) await rows.remove(place.providerId, rowKey, { fence: pull.lease.fence, now });\n  there.clear();' },
    { id: 'sweep-skipped', breaks: 'What a complete list does not name is gone.', find: 'plan.sweep(place, unnamed);', replace: 'void unnamed;' },
    { id: 'freed-again-not-swept', breaks: 'Of one id the last page of a list stands.', suites: ['lib/inbound/complete-list'], find: 'for (const rowKey of free) if (there.has(rowKey)) unnamed.add(rowKey);', replace: 'void free;' },
    { id: 'listed-row-forgotten', breaks: 'A list that names an event twice knows what it has written itself.', suites: ['lib/inbound/complete-list'], find: 'for (const put of wanted) there.set(put.rowKey, asStored(place, put, lease.fence));', replace: 'void asStored;' },
    { id: 'quarantine-skipped', breaks: 'A list that suddenly comes back empty is not believed at once.', find: 'if (items === 0 && doubtful(there, row, now))', replace: 'if (items < 0 && doubtful(there, row, now))' },
    { id: 'quarantine-for-ever', breaks: 'A calendar that stays empty is believed in the end.', find: '&& now - row.emptySince >= quarantineTime)', replace: '&& now - row.emptySince < quarantineTime)' },
    { id: 'cursor-gone-not-handled', breaks: 'A forgotten cursor (410) leads to one complete list.', find: "if (error instanceof CalendarError && error.kind === 'cursor_gone') return undefined;", replace: '' },
    { id: 'zombie-rows-left', breaks: 'After a take-over unchanged rows are written too, so that a zombie’s writes are fenced off.', find: 'lease.takenOver || differs(', replace: 'differs(', suites: ['lib/inbound/repairs', 'faults/races'] },
    { id: 'unchanged-rows-written', breaks: 'A list writes only rows that differ.', find: 'lease.takenOver || differs(', replace: 'place !== undefined || differs(', suites: ['lib/inbound/pull'] },
    { id: 'zone-change-ignored', breaks: 'A calendar that changes its zone is listed anew.', find: 'if (zoneChanged(row, page)) return undefined;', replace: '' },
    { id: 'series-not-replaced', breaks: 'An occurrence that Graph deletes without a word is gone.', find: 'await eachConcurrently(series, writesAtOnce, (one) => replaceSeries(pull, one, named));', replace: 'void [series, named];' },
    { id: 'half-a-list-believed', breaks: 'A read without a cursor at its end is no complete read.', find: "if (cursor === undefined) throw new CalendarError('unavailable', { reason: 'no cursor on the last page' });", replace: "if (cursor === undefined) return { cursor: '', windowFrom: window.from, windowTo: window.to, lastRead: now };", suites: ['lib/inbound/half-read'] },
  ]),
  ...inFile('lib/inbound/pull-plan.ts', ['lib/inbound/pull-plan', 'lib/inbound/pull'], [
    { id: 'for-ever-sorts-first', breaks: 'An event that lasts beyond the year 9999 blocks.', find: 'Math.min(item.end, endOfTime)', replace: 'item.end', suites: ['lib/outbound/busy-conflicts'] },
    { id: 'own-events-counted-busy', breaks: 'An event of ours does not block beside its booking.', find: 'const stray = mark !== undefined || !overlaps(item, view.window);', replace: 'const stray = !overlaps(item, view.window);' },
    { id: 'window-not-filtered', breaks: 'What lies outside of the window makes no row.', find: 'const stray = mark !== undefined || !overlaps(item, view.window);', replace: 'const stray = mark !== undefined;' },
    { id: 'older-entity-wins', breaks: 'Of Graph’s replays within a round the newest wins.', find: 'if (item.modified < (this.#newest', replace: 'if (item.modified > (this.#newest' },
    { id: 'last-page-loses', breaks: 'Of one id the last page stands.', find: '      this.removals.delete(rowKey);\n', replace: '' },
  ]),
  ...inFile('lib/inbound/pull-decision.ts', ['lib/inbound/pull', 'lib/inbound/due'], [
    { id: 'asked-list-lost', breaks: 'The list that a consent asks for is made.', find: ' || inbox.listDue !== undefined', replace: '', suites: ['lib/inbound/consent-meanwhile'] },
    { id: 'hints-have-authority', breaks: 'A doubled hint does not pull.', find: "if (!dirty && due.size === 0) return { kind: 'idle' };", replace: '' },
    { id: 'back-off-ignored', breaks: 'During its back-off a connection is left alone, whoever rings.', find: "if (pull.backoffUntil !== undefined && pull.backoffUntil > now) return { kind: 'backing_off' };", replace: '' },
    { id: 'jobs-flag-ignored', breaks: 'With JOBS off nothing is polled.', find: 'filter((kind) => jobs || kind', replace: "filter((kind) => jobs || kind === 'poll' || kind", suites: ['lib/inbound/pull', 'lib/inbound/due', 'faults/kill-switch'] },
  ]),
  ...inFile('lib/inbound/busy-rows.ts', ['lib/inbound/repairs', 'lib/inbound/crashes', 'faults/races'], [
    { id: 'busy-row-unfenced', breaks: 'A late write does not pass over a newer row.', find: "'attribute_not_exists(provider_id) OR fence <= :mine'", replace: "'attribute_not_exists(provider_id) OR fence <= :mine OR fence > :mine'" },
    {
      id: 'tombstone-not-written', breaks: 'A removal leaves a tombstone, so that a late write cannot bring the row back.',
      find: " PutItemCommand, QueryCommand,", replace: " DeleteItemCommand, PutItemCommand, QueryCommand,",
      and: { find: 'put({ provider_id: providerId, row: rowKey, expires: Math.ceil((now + tombstoneLife) / 1000) }, fence, news && ((before) => news.removed(before))),', replace: 'dynamo.send(new DeleteItemCommand({ TableName: table, Key: toItem({ provider_id: providerId, row: rowKey }) })).then(() => void [fence, now, news, tombstoneLife] === undefined),' },
    },
  ]),
  ...inFile('lib/inbound/sync-state.ts', ['lib/inbound/crashes', 'lib/inbound/repairs', 'faults/races'], [
    {
      id: 'cursor-unfenced', breaks: 'A zombie does not turn a cursor back.',
      find: "...row, fence }),\n            ConditionExpression: 'attribute_not_exists(fence) OR fence <= :fence',", replace: "...row, fence }),\n            ConditionExpression: 'attribute_not_exists(fence) OR fence <= :fence OR fence > :fence',",
    },
    { id: 'mark-cleared-whatever-landed', breaks: 'A mark that was set anew during the pull stays.', find: "ConditionExpression: 'generation = :noted'", replace: "ConditionExpression: 'generation >= :noted'", suites: ['lib/inbound/pull', 'lib/inbound/crashes', 'faults/races'] },
  ]),
  ...inFile('lib/inbound/due.ts', ['lib/inbound/due', 'lib/inbound/pull'], [
    { id: 'relist-hidden-behind-poll', breaks: 'With JOBS off an overdue poll does not hide what SYNC alone may run.', find: "if (bySync < Infinity) return { dueAt: bySync, dueShard: dueShard('sync', connectionId) };", replace: '' },
    { id: 'polls-in-step', breaks: 'Polls are jittered.', find: 'period * (0.75 + 0.5 * random())', replace: 'period * Math.max(1, 0.5 * random())' },
    { id: 'proven-watch-polled-fast', breaks: 'Where notices can be relied on, polls are slow.', find: 'proven ? Math.min(', replace: '!proven ? Math.min(' },
  ]),
  ...inFile('lib/inbound/watching.ts', ['lib/connect/watch-troubles'], [
    { id: 'failed-look-forgotten', breaks: 'A look at a watch that fails is asked for again.', find: 'if (asked && kept.failure && (pull.errorCount ?? 0) < failuresTillTight) throw kept.failure;', replace: '' },
    { id: 'refused-look-stops-reading', breaks: 'A mailbox whose watch cannot be looked at is read all the same.', find: '&& (pull.errorCount ?? 0) < failuresTillTight) throw', replace: ') throw' },
    { id: 'owed-look-forgotten', breaks: 'A look that was given up for polls is had in the end.', find: 'check: asked || owed,', replace: 'check: asked,' },
  ]),
  ...inFile('lib/inbound/receive-hints.ts', ['faults/poison', 'lib/inbound/pull'], [
    { id: 'unreadable-fails-for-ever', breaks: 'A calendar unreadable for good counts as failed once.', find: "'still' in end && end.still === true ? 'waiting'", replace: "'still' in end && end.still !== true ? 'waiting'", suites: ['lib/inbound/unreadable-runs'] },
    { id: 'poison-hint-dropped', breaks: 'What is no hint goes to the dead letters.', find: "await parts.deadLetters(record, 'not_a_hint');", replace: '' },
  ]),
  ...inFile('lib/availability/intervals.ts', ['lib/availability/intervals'], [
    { id: 'touching-is-overlap', breaks: 'A slot that begins when busy time ends is free.', find: '(byEnd[middle]?.end ?? 0) <= instant', replace: '(byEnd[middle]?.end ?? 0) < instant' },
    { id: 'slot-before-busy-is-busy', breaks: 'A slot that ends when busy time begins is free.', find: 'if (slot.start >= end) at += 1;', replace: 'if (slot.start > end) at += 1;' },
  ]),
  ...inFile('lib/availability/bookable.ts', ['lib/availability/answer-availability'], [
    { id: 'unknown-is-free', breaks: 'While the flags are unknown nothing is called free.', find: "&& gate !== 'open') reasons.add('sync_off');", replace: "&& gate === 'closed') reasons.add('sync_off');" },
    { id: 'stale-is-free', breaks: 'A calendar not read for long is not called free.', find: "reasons.push('stale');", replace: 'reasons.push();' },
    { id: 'beyond-window-is-free', breaks: 'Beyond the window that was listed nothing is called free.', find: "if (beyondWindow(health, span)) reasons.add('beyond_window');", replace: '' },
  ]),
];
