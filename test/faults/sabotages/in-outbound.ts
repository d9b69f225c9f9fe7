// One booking, one event.
import { inFile, type Sabotage } from './sabotage.ts';

const drains = ['lib/outbound/drain', 'lib/outbound/drain-crashes'];

export const inOutbound: readonly Sabotage[] = [
  ...inFile('lib/outbound/busy-conflicts.ts', ['lib/outbound/busy-conflicts'], [
    { id: 'conflict-with-itself', breaks: 'A booking whose event recurs now is no conflict with itself.', find: 'if (await isItself({ bookings }, connection.connection_id, { busy, wish })) continue;', replace: 'void isItself;', suites: ['lib/outbound/drain'] },
    { id: 'long-booking-unseen', breaks: 'New busy time over the first day of a long booking is told.', find: 'const longestBooking = days(31);', replace: 'const longestBooking = days(1);' },
    { id: 'all-bookings-read', breaks: 'Of the bookings of a month only those that overlap are read.', find: 'startsBefore: last, ', replace: '' },
    { id: 'cancelled-booking-in-conflict', breaks: 'A cancelled booking stands in nobody’s way.', find: 'wishes.filter(({ cancelled }) => !cancelled)', replace: 'wishes' },
  ]),
  ...inFile('lib/outbound/bookings.ts', [...drains, 'lib/outbound/receive-booking-batch'], [
    { id: 'version-compare-reversed', breaks: 'The newest version of a booking wins.', find: "'attribute_not_exists(booking_id) OR version < :version'", replace: "'attribute_not_exists(booking_id) OR version > :version'" },
    { id: 'same-version-again', breaks: 'The same version again changes nothing.', find: "'attribute_not_exists(booking_id) OR version < :version'", replace: "'attribute_not_exists(booking_id) OR version <= :version'" },
    { id: 'version-reused-unseen', breaks: 'The same version with other content is refused.', find: "return wish.hash === hash ? 'same' : 'version_reused';", replace: "return hash === '' ? 'version_reused' : 'same';" },
    { id: 'settled-whatever-landed', breaks: 'A booking that was marked during the drain stays pending.', find: "'version = :applied AND generation = :noted'", replace: "'version = :applied AND generation >= :noted'" },
    { id: 'target-row-unfenced', breaks: 'A zombie does not write a target row over a newer one.', find: "'attribute_not_exists(#fence) OR #fence <= :fence'", replace: "'attribute_not_exists(#fence) OR #fence <= :fence OR #fence > :fence'", suites: [...drains, 'faults/races'] },
    { id: 'disputes-not-counted', breaks: 'An event that is not as it must be is disputed.', find: "'ADD disputes :one' : 'ADD disputes :one, strays", replace: "'SET disputed = :one' : 'SET disputed = :one ADD strays", suites: ['lib/outbound/edited-events', 'faults/races'] },
    { id: 'mark-without-generation', breaks: 'Every mark of a booking raises its generation.', find: 'generation = if_not_exists(generation, :zero) + :one, pendingSince', replace: 'generation = if_not_exists(generation, :one) + :zero, pendingSince', suites: [...drains, 'faults/races'] },
  ]),
  ...inFile('lib/outbound/apply-target.ts', drains, [
    { id: 'generation-not-raised-after-deletion', breaks: 'An event whose identity a person used up is made under a new one.', find: 'else row = await begin(context, row.generation + 1); // deleted', replace: 'else row = await begin(context, row.generation); // deleted' },
    { id: 'doubtful-event-stays', breaks: 'An event said not to be there, while its calendar was out of reach, is deleted once another stands.', find: 'const doubtful = found ? undefined : row.external_event_id;', replace: 'const doubtful = found ? row.external_event_id : undefined;' },
    { id: 'orphan-stays', breaks: 'What a connection that is gone left makes way.', find: 'await removeOrphans(context, standing);', replace: 'void removeOrphans;', suites: ['lib/outbound/left-events', 'lib/outbound/shared-calendars'] },
    { id: 'gone-event-not-made-again', breaks: 'A newer version of a booking whose event is gone makes a new one.', find: 'row = await begin(context, row.generation + 1, doubtful);', replace: "return { outcome: 'unchanged' };", suites: [...drains, 'faults/crash-points-google'] },
    { id: 'create-before-row', breaks: 'Before a create the row says which event is about to be made.', find: "  await save(context, { calendarId: calendar.id, calendar_provider", replace: '  if (generation > 0) await save(context, { calendarId: calendar.id, calendar_provider' },
    { id: 'absence-believed-at-once', breaks: 'A create of unknown outcome may still appear: a missing event is looked for again.', find: "if (removed === 'absent' && mayStillAppear)", replace: "if (removed === 'removed' && mayStillAppear)", suites: [...drains, 'faults/crash-points-google'] },
    { id: 'lost-graph-event-not-found', breaks: 'An event whose answer was lost is found again by its property.', find: ' || (await calendars.find(calendar, identity));', replace: ';', suites: drains },
    { id: 'strays-left', breaks: 'An event that a zombie made beside the right one is deleted.', find: 'if (stray !== standing) await calendars.remove(calendar, stray);', replace: 'void standing;', suites: ['lib/outbound/edited-events', ...drains, 'faults/races'] },
    { id: 'event-of-cancelled-stays', breaks: 'The event of a cancelled booking goes.', find: "eventId === undefined ? 'absent' : await calendars.remove(calendar, eventId)", replace: "'removed' as 'removed' | 'absent'" },
    { id: 'disputes-settled-unseen', breaks: 'A dispute that came during the write stays open.', find: 'const settled = before?.disputes ?? 0;', replace: 'const settled = 1e9;', suites: ['lib/outbound/edited-events', 'faults/races'] },
  ]),
  ...inFile('lib/outbound/drain-booking.ts', drains, [
    { id: 'refused-delete-for-ever', breaks: 'A delete that is refused for good is given up after a day.', find: "if (keepsIt) return { outcome: 'failed', error };", replace: '' },
    { id: 'goodbye-without-gate', breaks: 'Nobody is rung for while a goodbye waits for its gate.', find: "syncGate(await parts.settings.read(), connection.provider_id) === 'open' ? ({ outcome: 'leaving'", replace: "parts.settings ? ({ outcome: 'leaving'", suites: ['lib/connect/leave'] },
    { id: 'refused-delete-holds-up-all', breaks: 'A calendar that takes no deletes any more holds up nobody else.', find: " || (error.kind === 'unreadable' && !present)", replace: '' },
    { id: 'gate-once-a-drain', breaks: 'The gates are looked at again before each write to a calendar.', find: '    await gate();\n', replace: '', suites: ['lib/outbound/drain-crashes', 'faults/kill-switch'] },
    { id: 'gated-booking-settled', breaks: 'A booking that a closed gate stopped stays pending.', find: '  if (gated >= 0) {', replace: '  if (gated >= targets.length) {', suites: ['lib/outbound/drain', 'faults/kill-switch'] },
    { id: 'push-without-back-off', breaks: 'A calendar that fails is not written to again at once.', find: '{ backoffUntil: retryAt, errorCount, lastError', replace: '{ errorCount, lastError' },
    { id: 'old-wish-applied', breaks: 'What is applied is the wish as it stands under the lease.', find: 'const newest = fresh.wish ?? wish;', replace: 'const newest = wish;', suites: [...drains, 'faults/races'] },
    { id: 'old-target-applied', breaks: 'The target row is read anew under the lease.', find: 'const fresh = await parts.bookings.read(wish.id);', replace: 'const fresh = { wish, targets: [] as Awaited<ReturnType<Bookings[\'read\']>>[\'targets\'] };', suites: drains },
    { id: 'closed-push-row-ignored', breaks: 'Nothing is written to the calendars of a connection that leaves.', find: 'if (!row || row.closed === 1)', replace: 'if (!row)', suites: ['lib/outbound/drain-crashes'] },
    { id: 'failure-settles', breaks: 'A booking whose calendar failed stays pending.', find: 'if (retryAts.length > 0) return putOff(', replace: 'if (retryAts.length > 99) return putOff(' },
  ]),
  ...inFile('lib/outbound/targets.ts', drains, [
    { id: 'former-target-kept', breaks: 'An event in a calendar that receives no more is deleted.', find: 'if (connection && !wanted && (!row.removed ||', replace: 'if (connection && wish.cancelled && (!row.removed ||' },
    { id: 'dead-connection-written', breaks: 'Connections that cannot be written to are left out.', find: "found.filter(({ state }) => state === 'active').map(", replace: 'found.map(' },
    { id: 'strangers-targets', breaks: 'A booking goes to its own provider’s calendars alone.', find: 'if (connection.provider_id !== wish.providerId) continue;', replace: '', suites: ['lib/outbound/targets'] },
    { id: 'disputes-ignored', breaks: 'A disputed target is brought in line again.', find: ' && (row.disputes ?? 0) <= (row.settled ?? 0) &&', replace: ' &&', suites: ['lib/outbound/edited-events', ...drains, 'faults/races'] },
  ]),
  ...inFile('lib/outbound/own-events.ts', ['lib/outbound/edited-events', ...drains, 'faults/races'], [
    { id: 'late-write-not-undone', breaks: 'A late write at the provider, which no fence can stop, is seen inbound and undone.', find: 'await dispute(parts, bookingId, target, judgement.stray);', replace: 'void dispute;' },
    { id: 'old-version-is-fine', breaks: 'An event of ours below the applied version is put right.', find: '|| (mark.version ?? row.appliedVersion) < row.appliedVersion) return', replace: ') return' },
    { id: 'read-again-in-every-list', breaks: 'An event of ours that a person touched is read once, not in every list.', find: ' || (item.etag !== undefined && item.etag === row.seen)', replace: '' },
    { id: 'left-events-stand-twice', breaks: 'What a connection before has left makes way for what this one writes.', find: "? 'left' : 'fine'", replace: "? 'fine' : 'fine'", suites: ['lib/outbound/left-events'] },
    { id: 'handed-over-event-stays', breaks: 'A booking that changed hands while a grant was dead leaves that calendar.', find: "if (!theirs) return { kind: 'handed_over' };", replace: '', suites: ['lib/outbound/reassigned-meanwhile'] },
  ]),
  ...inFile('lib/outbound/recognise.ts', ['lib/outbound/shared-calendars'], [
    { id: 'foreign-booking-is-ours', breaks: 'A booking of another provider, in a calendar that both look at, blocks.', find: 'if (rows.wish?.providerId !== place.providerId && !(own && calendars.wrote({ ...own, ...mark }, item))) return false;', replace: 'void own;' },
    { id: 'once-here-is-ours', breaks: 'A booking that went to a colleague blocks whoever had it before.', find: '!(own && calendars.wrote({ ...own, ...mark }, item))', replace: '!own' },
    { id: 'recurring-event-taken', breaks: 'An event of ours that a person made recur is theirs.', find: 'series === undefined && transactionId', replace: 'series !== \'\' && transactionId', suites: ['lib/outbound/drain'] },
    { id: 'two-writers-fight', breaks: 'Two connections that receive in one calendar leave each other’s events alone.', find: "return connection !== undefined && connection.state !== 'disconnecting';", replace: 'return connection === undefined;', suites: ['lib/outbound/both-receive'] },
  ]),
  ...inFile('lib/calendars/google/open-google.ts', ['lib/inbound/pull', 'lib/outbound/edited-events', 'lib/outbound/drain'], [
    { id: 'copied-mark-is-ours', breaks: 'An event that merely carries a copy of our mark is a person’s own.', find: 'googleEventId(identity) === id', replace: "googleEventId(identity) !== '' || id === ''" },
  ]),
  ...inFile('lib/outbound/edited-events.ts', ['lib/outbound/edited-events'], [
    { id: 'own-write-taken-for-edit', breaks: 'While a wish is in flux nothing is said of its event.', find: 'if (wish.pendingSince !== undefined || wish.generation !== before.wish?.generation) return wish.cancelled;', replace: '' },
    { id: 'milliseconds-are-edits', breaks: 'What a calendar cuts off is nobody’s doing.', find: 'Math.floor(one / 1000) === Math.floor(other / 1000)', replace: 'one === other' },
    { id: 'edit-told-for-ever', breaks: 'What a person did is told once.', find: 'if (!row || row.told === fact) return true;', replace: 'if (!row) return true;' },
  ]),
  ...inFile('lib/outbound/receive-booking-message.ts', ['lib/outbound/receive-booking-batch', 'faults/poison'], [
    { id: 'poison-booking-dropped', breaks: 'A message that can never be valid goes to the dead letters.', find: "  await parts.deadLetters(record, reason);\n", replace: '' },
    { id: 'poison-booking-returned', breaks: 'A message that can never be valid is not tried again.', find: "if (read.kind === 'invalid') return aside(parts, record, read);", replace: "if (read.kind === 'invalid') throw new Error('invalid');" },
    { id: 'unsaved-wish-deleted', breaks: 'A message goes once its wish is saved, not before.', find: 'await parts.bookings.record(read.booking, parts.clock());', replace: "await parts.bookings.record(read.booking, parts.clock()).catch(() => 'older' as const);", suites: ['lib/outbound/receive-booking-batch', 'faults/crash-points-google'] },
    { id: 'reused-version-passes', breaks: 'A reused version goes to the dead letters.', find: "if (recorded === 'version_reused') return aside(", replace: "if (recorded === 'nothing' as string) return aside(" },
  ]),
  ...inFile('lib/outbound/receive-booking-batch.ts', ['lib/outbound/receive-booking-batch'], [
    { id: 'neighbours-returned', breaks: 'A failed message does not bring its neighbours back.', find: 'failures.push(record.messageId);', replace: 'failures.push(...event.Records.map(({ messageId }) => messageId));' },
    { id: 'failed-message-deleted', breaks: 'A message that could not be saved comes back.', find: 'failures.push(record.messageId);', replace: '' },
  ]),
  ...inFile('lib/outbound/booking-event.ts', ['lib/outbound/booking-event'], [
    { id: 'cancelled-status-ignored', breaks: 'Cancelled by status is cancelled.', find: "type === 'booking.cancelled' || raw.status === 'cancelled'", replace: "type === 'booking.cancelled'" },
    { id: 'detail-quotes-values', breaks: 'Why a message was set aside names members, never their values.', find: "(message.startsWith('must be') ? message : `expected ${expected ?? 'another value'}`)", replace: '(expected === null ? message : message)' },
  ]),
  ...inFile('lib/calendars/google/our-events.ts', ['contracts/google', 'contracts/google-ways'], [
    { id: 'google-if-match-dropped', breaks: 'An update wipes nobody’s change that it has not seen.', find: "etag === undefined ? {} : { 'If-Match': etag }", replace: '{}' },
    { id: 'google-id-not-ours', breaks: 'A create that is repeated makes no second Google event.', find: '{ id: eventId, ...requestBody', replace: '{ ...requestBody' },
    { id: 'guests-are-told', breaks: 'Nobody is mailed about an event of ours.', find: "{ sendUpdates: 'none' }", replace: "{ sendUpdates: 'all' }" },
    { id: 'old-text-stays', breaks: 'A text that a booking lost goes from its event.', find: 'description: event.description ?? null,', replace: '' },
  ]),
  ...inFile('lib/calendars/microsoft/our-events.ts', ['contracts/microsoft'], [
    { id: 'graph-if-match-dropped', breaks: 'An update wipes nobody’s change that it has not seen.', find: "etag === undefined || etag === '' ? {} : { 'If-Match': etag }", replace: '{}' },
    { id: 'transaction-id-dropped', breaks: 'A create that is repeated makes no second Graph event.', find: "showAs: 'busy', transactionId: transactionIdOf(identity) }", replace: "showAs: 'busy' }" },
  ]),
];
