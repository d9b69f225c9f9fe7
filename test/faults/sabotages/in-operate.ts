// What operators rely on: alarms, the command, migrations and their way back. Those without suites only the gate can see.
import { inFile, type Sabotage } from './sabotage.ts';

export const inOperate: readonly Sabotage[] = [
  ...inFile('infra/alarms.ts', ['infra/stack'], [
    { id: 'alarm-tells-nobody', breaks: 'An alarm that rings tells its topic.', find: '    alarm.addAlarmAction(action);\n', replace: '' },
    { id: 'alarm-never-clears', breaks: 'An alarm that clears says so.', find: '    alarm.addOkAction(action);\n', replace: '' },
    { id: 'anomaly-alarm-deleted', breaks: 'Far too many or too few items ring.', find: "    all.set('items-anomaly', this.anomaly('items-anomaly'));\n", replace: '' },
    { id: 'composite-of-one', breaks: 'Whatever a deployment can break makes sync unhealthy.', find: 'AlarmRule.anyOf(...sick.map(', replace: 'AlarmRule.anyOf(...sick.slice(0, 1).map(' },
    { id: 'silence-never-breaches', breaks: 'An alarm on what must always be sent rings on silence.', find: "terms.missing.as === 'breaching' ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING", replace: 'TreatMissingData.NOT_BREACHING', suites: ['infra/stack'] },
  ]),
  ...inFile('infra/alarm-terms.ts', ['infra/alarms-ring'], [
    { id: 'failures-never-ring', breaks: 'More than five failures in five minutes ring.', find: 'metric: sum(Metric.failures),\n      threshold: 5,', replace: 'metric: sum(Metric.failures),\n      threshold: 5_000_000,' },
    { id: 'stall-never-rings', breaks: 'Half an hour without a successful run rings while sync is on.', find: 'succeeded < 1, 1, 0)', replace: 'succeeded < 0, 1, 0)' },
    { id: 'stall-rings-while-off', breaks: 'With sync off no stall rings.', find: "'IF(enabled >= 1 AND waiting >= 1", replace: "'IF(enabled >= 0 AND waiting >= 0" },
    { id: 'latency-never-rings', breaks: 'A p95 above five seconds rings.', find: 'threshold: 5_000,', replace: 'threshold: 5_000_000,' },
    { id: 'unknown-flags-never-ring', breaks: 'Flags that cannot be read ring.', find: 'metric: sum(Metric.settingsUnknown),\n      threshold: 2,', replace: 'metric: sum(Metric.settingsUnknown),\n      threshold: 2_000_000,' },
    { id: 'forgeries-never-ring', breaks: 'Forged notices in number ring.', find: 'threshold: 100,', replace: 'threshold: 100_000_000,' },
  ]),
  ...inFile('infra/aws-alarms.ts', ['infra/stack'], [
    { id: 'dead-letter-alarm-on-live-queue', breaks: 'One dead letter rings.', find: 'dimensionsMap: { QueueName: deadQueueName(name) }', replace: 'dimensionsMap: { QueueName: name }', suites: ['infra/stack'] },
    { id: 'dead-letters-never-ring', breaks: 'One dead letter rings.', find: 'metric, threshold: 0,', replace: 'metric, threshold: 1_000_000,', suites: ['infra/alarms-ring'] },
  ]),
  ...inFile('docs/runbook.md', ['infra/stack'], [
    { id: 'runbook-heading-missing', breaks: 'Every alarm has a heading in the runbook.', find: '## sync-failures\n', replace: '## something else\n' },
  ]),
  ...inFile('functions/parts/telemetry.ts', ['functions/metrics-lines'], [
    { id: 'metrics-not-told', breaks: 'What is counted leaves the process.', find: 'process.stdout.write(`${line}\\n`);', replace: 'void line;' },
  ]),
  ...inFile('lib/operate/redrive.ts', ['lib/operate/redrive', 'faults/poison'], [
    { id: 'redrive-removes-first', breaks: 'A letter is sent on before it is removed.', find: '      await queue.sendOn(letter);\n      await queue.remove(letter);', replace: '      await queue.remove(letter);\n      await queue.sendOn(letter);' },
    { id: 'redrive-keeps-the-letter', breaks: 'A letter that was redriven is gone from the dead letters.', find: '      await queue.remove(letter);\n', replace: '' },
    { id: 'redrive-holds-the-rest', breaks: 'Letters that were only looked at are there again at once.', find: '.map((letter) => queue.putBack(letter))', replace: '.map(() => undefined)' },
  ]),
  ...inFile('lib/operate/dead-queue.ts', ['lib/operate/redrive'], [
    { id: 'redrive-drops-attributes', breaks: 'A redriven letter keeps its reason and its origin.', find: '...Object.fromEntries(kept), ...', replace: '...' },
  ]),
  ...inFile('lib/operate/redacted-body.ts', ['lib/operate/redacted-body'], [
    { id: 'dead-letter-shown-whole', breaks: 'A dead letter is redacted where it is shown.', find: "shown.has(name) && word.test(value) ? value : sized(", replace: "name !== '' ? value : sized(" },
  ]),
  ...inFile('lib/operate/allowlist-edit.ts', ['lib/operate/allowlist-edit'], [
    { id: 'emptied-list-is-everyone', breaks: 'A list from which the last was removed admits nobody.', find: "words.length === 0 ? 'none' : words.join(',')", replace: "words.length === 0 ? '*' : words.join(',')" },
  ]),
  ...inFile('lib/operate/secret-documents.ts', ['lib/operate/secret-documents'], [
    { id: 'key-in-use-dropped', breaks: 'No key is dropped under which something still lies.', find: '(use.get(id) ?? 0) === 0 ? [id] : []', replace: '(use.get(id) ?? 0) >= 0 ? [id] : []' },
    { id: 'old-key-dropped-early', breaks: 'An old key goes once every function knows the new one.', find: 'if (now - signing.signsFrom < keyAgeBeforeSigning) return [];', replace: 'if (now < signing.signsFrom) return [];' },
  ]),
  ...inFile('lib/operate/operators-values.ts', ['infra/commands/deploy'], [
    { id: 'operators-values-not-restored', breaks: 'A deployment gives operators their flags back.', find: 'was === undefined || was === after[name] ?', replace: "was === undefined || was !== '' ?" },
  ]),
  ...inFile('lib/operate/migrations/run.ts', ['lib/operate/migration-runs', 'lib/operate/migrations'], [
    { id: 'rollback-in-forward-order', breaks: 'Rollbacks run in reverse order.', find: 'of [...wanted].reverse())', replace: 'of [...wanted])' },
    { id: 'migration-beside-live-sync', breaks: 'Nothing is imported while sync is on.', find: "(await settings.read()).flag(Setting.syncEnabled) !== 'closed')", replace: "(await settings.read()).flag(Setting.syncEnabled) === 'unknown')" },
    { id: 'migration-not-verified', breaks: 'What a migration loaded is looked for before it counts as done.', find: "if ((checked['missing'] ?? 0) > 0)", replace: "if ((checked['missing'] ?? 0) > 1e9)" },
    { id: 'migration-runs-again', breaks: 'A migration that is done is not run again.', find: "if (entry?.state === 'done' && same) return", replace: "if (entry?.state === 'done' && same && dry()) return", and: { find: "async function forward(", replace: 'const dry = (): boolean => false;\n\nasync function forward(' } },
    { id: 'dry-run-writes', breaks: 'A dry run writes nothing.', find: "const context = { parts, dryRun, ...(source && { source }) };", replace: "const context = { parts, dryRun: false, ...(source && { source }) };" },
  ]),
  ...inFile('lib/operate/migrations/ledger.ts', ['lib/operate/migration-runs', 'lib/operate/migrations'], [
    { id: 'two-operators-at-once', breaks: 'Two operators never run at once.', find: "'attribute_not_exists(#holder) OR #until <= :now OR #holder = :me'", replace: "'attribute_not_exists(#holder) OR #until <= :now OR #holder = :me OR #holder <> :me'" },
    { id: 'sleeper-goes-on', breaks: 'Who lost the lock stops at the next save.', find: "condition: '#holder = :me', names: {", replace: "condition: '#holder = :me OR #holder <> :me', names: {" },
  ]),
  ...inFile('lib/operate/migrations/uniqueness.ts', ['lib/operate/migration-runs', 'lib/operate/migrations'], [
    { id: 'rollback-takes-what-was-used', breaks: 'A rollback takes away what came over, and nothing that was used since.', find: "if ((await use(row.S.split('#')[0] ?? '')) !== 'unused') return 'kept';", replace: 'void use;' },
    { id: 'rollback-does-nothing', breaks: 'A rollback takes away what came over.', find: "if (!isMarked(item, name) || provider_id", replace: "if (isMarked(item, name) || provider_id" },
    { id: 'import-overwrites', breaks: 'An import writes over nothing that is there.', find: "ConditionExpression: 'attribute_not_exists(provider_id)',", replace: "ConditionExpression: 'attribute_not_exists(provider_id) OR attribute_exists(provider_id)'," },
  ]),
  ...inFile('lib/operate/verify/booking-checks.ts', ['lib/operate/verify'], [
    { id: 'two-events-not-found', breaks: 'The verification queries find two events of one booking.', find: 'if (straysOf(row) > 0) return true;', replace: 'if (straysOf(row) > 0) return false;' },
  ]),
  ...inFile('lib/operate/verify/connection-checks.ts', ['lib/operate/verify'], [
    { id: 'clear-token-not-found', breaks: 'The verification queries find a token in clear.', find: "value !== undefined && !sealed.test(text(value))", replace: "value === ''", and: { find: 'secretNames.includes(name) || looksClear(value)', replace: 'secretNames.includes(name) && looksClear(value)' } },
  ]),
  ...inFile('lib/operate/verify/busy-checks.ts', ['lib/operate/verify'], [
    { id: 'double-busy-row-not-found', breaks: 'The verification queries judge busy rows by the ids that they store.', find: 'return key !== undefined && text(row', replace: "return key === undefined && text(row"  },
  ]),
];
