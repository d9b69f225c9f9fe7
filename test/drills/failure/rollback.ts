import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { openPlace } from '../../../infra/commands/ops/place.ts';
import { minutes } from '../../../lib/platform/clock.ts';
import { toItem } from '../../../lib/platform/dynamo.ts';
import { connections } from '../../../lib/platform/connections.ts';
import type { TableName } from '../../../lib/platform/names.ts';
import { bookingRows } from '../../support/booking-rows.ts';
import { eventually } from '../../support/eventually.ts';
import { becomesBusy, hour, professional, type Professional } from '../../support/journey.ts';
import { anExport, writeExport } from '../../support/old-export.ts';
import { operate } from '../../support/operator.ts';
import type { BookingInput } from '../../support/platform.ts';
import type { Run } from '../../support/run.ts';
import { eventWrites, ops, requests, settingsKnown } from '../act.ts';
import type { Drill, Seen } from '../drill.ts';
import { applied, bookingOf } from '../enablement/bookings.ts';
import { expectThat } from '../expect-that.ts';

interface Report {
  readonly migration: string;
  readonly outcome: string;
  readonly counts: Readonly<Record<string, number>>;
}

const inOrder = ['foundations', 'uniqueness', 'outbound', 'operational'];
const old = { connections: 4, events: 25 };

/** One line of the operator's, its reports as they are. */
async function migrating(run: Run, line: string): Promise<Report[]> {
  const { data } = await ops(run, `${line} --per-second 1000 --json`);
  return (data as { reports: Report[] }).reports;
}

const told = (reports: readonly Report[]): Seen => Object.fromEntries(reports.map(({ migration, outcome, counts }) => [migration, { outcome, ...counts }]));
const countsOf = (reports: readonly Report[]): string => JSON.stringify(reports.map(({ migration, counts }) => [migration, counts]));

async function verified(run: Run): Promise<Seen> {
  const { data } = await ops(run, 'verify --per-second 10000 --json');
  const { violations, findings } = data as { violations: number; findings: readonly { check: string }[] };
  expectThat(violations === 0 && findings.length > 0, `${violations} violations`);
  return { violations, checks: findings.map(({ check }) => check) };
}

/** A row of each kind that must never be, and the check that must find it. */
const planted: readonly (readonly [check: string, table: TableName, row: Readonly<Record<string, unknown>>])[] = [
  ['clear-text-token', 'connections', { connection_id: 'planted', tokens: 'ya29.planted' }],
  ['one-event-per-booking', 'booking-events', { booking_id: 'planted', part: 'target#planted#k', connection_id: 'planted', calendarKey: 'k', external_event_id: 'e', strays: new Set(['e2']) }],
  ['unique-external-events', 'busy-intervals', { provider_id: 'planted', row: 'planted#k#other', start: '2030-01-01T09:00:00.000Z', end: '2030-01-01T10:00:00.000Z', external_event_id: 'e' }],
  ['busy-row-without-connection', 'busy-intervals', { provider_id: 'planted', row: 'planted#k#another', start: '2030-01-01T09:00:00.000Z', end: '2030-01-01T10:00:00.000Z', external_event_id: 'another' }],
];

async function plantedIsFound(run: Run): Promise<Seen> {
  const { dynamo, outputs } = run.platform;
  for (const [, table, row] of planted) await dynamo.send(new PutItemCommand({ TableName: outputs.tables[table], Item: toItem(row) }));
  const { data } = await operated(run, 'verify --per-second 10000 --json');
  const found = new Map((data as { findings: readonly { check: string; violations: number }[] }).findings.map(({ check, violations }) => [check, violations]));
  for (const [, table, row] of planted) await dynamo.send(new DeleteItemCommand({ TableName: outputs.tables[table], Key: toItem(Object.fromEntries(Object.entries(row).slice(0, keysOf(table)))) }));
  for (const [check] of planted) expectThat((found.get(check) ?? 0) > 0, `${check} does not find what was planted`);
  return Object.fromEntries(planted.map(([check]) => [check, found.get(check)]));
}

const keysOf = (table: TableName): number => (table === 'connections' ? 1 : 2);

/** A line of the operator's that must not be done: what it says. */
async function refused(run: Run, line: string): Promise<string> {
  const { code, notes } = await operated(run, line);
  expectThat(code !== 0, `npm run ops -- ${line}: was done`);
  return notes;
}

const operated = ({ sandbox }: Run, line: string) => operate([...line.split(' '), '--yes'], { open: () => openPlace({ outputs: join(sandbox.folder, 'outputs.json') }), clock: sandbox.clock.now });

/** Reads and writes of calendars so far. */
const calls = async (run: Run): Promise<number> => (await requests(run, 'google')).filter(({ path }) => !path.startsWith('/_sim')).length;

export const rollback: Drill = {
  name: 'rollback',
  title: 'The way back, gone on data: flags off, lists emptied, migrations in reverse, verified, and forward again; nothing that lived before or came meanwhile is lost.',
  clock: 12,
  asDeployed: true,
  async run({ local, step }) {
    const run = local as Run;
    const { platform, sandbox } = run;
    const known = local && connections(platform.dynamo, platform.outputs.tables.connections);
    const before = local && anExport(sandbox.clock.now(), old);
    const folder = before && writeExport(before);
    let someone: Professional;
    let booking: BookingInput;
    let loaded = '';
    let kept = '';
    const ids = (before?.connections ?? []).map(({ id }) => String(id));
    const standing = async (): Promise<number> => (await Promise.all(ids.map((id) => known?.get(id)))).filter((found) => found !== undefined).length;
    const ours = async (): Promise<string> => JSON.stringify([await known?.get(someone.connection.connection_id).then((each) => [each?.state, each?.calendars]), (await bookingRows(platform, booking.id)).targets, await someone.person.events()]);

    try {
      await step({
        name: 'forward',
        expects: 'Beside a live connection and its booking, with sync off, an export is brought over by `ops migrate`: each migration done in order, and no line bad.',
        localOnly: true,
        act: async () => {
          for (const { access_token: access, refresh_token: refresh } of before?.connections ?? []) for (const token of [access, refresh]) platform.secrets.add(String(token));
          await platform.open();
          someone = await professional(platform, 'google');
          booking = bookingOf(someone.providerId, hour(0));
          await platform.publish('created', booking);
          await applied(platform, booking.id, 1);
          await ops(run, 'flags all-off');
          await settingsKnown(run);
          const counted = await migrating(run, `migrate ${folder} --dry-run`);
          expectThat((await standing()) === 0, 'the dry run wrote');
          const reports = await migrating(run, `migrate ${folder}`);
          expectThat(reports.map(({ migration }) => migration).join() === inOrder.join() && reports.every(({ outcome }) => outcome === 'done'), JSON.stringify(reports));
          expectThat(reports[0]?.counts['loaded'] === old.connections && (await standing()) === old.connections, `${await standing()} connections stand; ${countsOf(reports)}`);
          loaded = countsOf(reports);
          return { 'dry run': told(counted), ...told(reports) };
        },
      });
      await step({
        name: 'verified',
        expects: 'Every verification query finds nothing; what is planted is found, and gone with what was planted.',
        localOnly: true,
        act: async () => ({ ...(await verified(run)), planted: await plantedIsFound(run), ...(await verified(run)) }),
      });
      await step({
        name: 'enabled',
        expects: 'With sync on nothing is imported. For the one who is on the list it works on: a change in the calendar is seen, and of those who came over no calendar is asked.',
        localOnly: true,
        act: async () => {
          await ops(run, `allow remove providers *`);
          await ops(run, `allow add providers ${someone.providerId}`);
          for (const flag of ['SYNC', 'JOBS', 'WEBHOOK']) await ops(run, `flags enable ${flag}`);
          await settingsKnown(run);
          const beside = await refused(run, 'rollback --dry-run');
          expectThat(beside.includes('CALENDAR_SYNC_ENABLED'), beside);
          await someone.person.add('Seen', hour(2));
          await becomesBusy(platform, someone.providerId, { within: hour(2), at: [hour(2)], patience: { withinMs: 30_000 } });
          expectThat((await Promise.all(ids.map((id) => known?.get(id)))).every((each) => each?.state === 'active'), 'one that came over was touched');
          return { refused: beside, listed: 1, 'came over and left alone': ids.length };
        },
      });
      await step({
        name: 'flags-off',
        expects: '`ops flags all-off`: a booking and a change that come now wait, and no calendar is asked any more.',
        localOnly: true,
        act: async () => {
          await ops(run, 'flags all-off');
          await settingsKnown(run);
          kept = await ours();
          const asked = await calls(run);
          await platform.publish('updated', bookingOf(someone.providerId, hour(4), 2, booking.id));
          await eventually('the booking is taken in', async () => (await bookingRows(platform, booking.id)).wish?.['version'] === 2);
          const until = sandbox.clock.now() + minutes(2);
          await eventually('two minutes are over', () => sandbox.clock.now() > until, { withinMs: sandbox.clock.wall(minutes(2)) + 5000 });
          expectThat((await calls(run)) === asked, `${(await calls(run)) - asked} calls were made`);
          expectThat((await ours()) === kept, 'something changed');
          return { 'calls in two minutes': 0, pending: 1 };
        },
      });
      await step({
        name: 'lists-emptied',
        expects: '`ops allow remove` of the last one leaves lists that admit nobody.',
        localOnly: true,
        act: async () => {
          await ops(run, `allow remove providers ${someone.providerId}`);
          await ops(run, 'allow remove connections *');
          const { data } = await ops(run, 'allow show --json');
          const lists = Object.values(data as Record<string, { value: string; admits: string }>);
          expectThat(lists.length === 2 && lists.every(({ value, admits }) => value === 'none' && admits === 'nobody'), JSON.stringify(data));
          return { shown: data };
        },
      });
      await step({
        name: 'back',
        expects: '`ops rollback` takes all four back in reverse order: what came over is gone, what lived before is as it was.',
        localOnly: true,
        act: async () => {
          const reports = await migrating(run, 'rollback');
          expectThat(reports.map(({ migration }) => migration).join() === inOrder.toReversed().join() && reports.every(({ outcome }) => outcome === 'done'), JSON.stringify(reports));
          expectThat((await standing()) === 0, `${await standing()} of those who came over stand`);
          expectThat((await ours()) === kept, `what lived before was ${kept}, is ${await ours()}`);
          return told(reports);
        },
      });
      await step({ name: 'verified-again', expects: 'Every verification query finds nothing.', localOnly: true, act: () => verified(run) });
      await step({
        name: 'forward-again',
        expects: 'Forward again loads the same, and verifies.',
        localOnly: true,
        act: async () => {
          const reports = await migrating(run, `migrate ${folder}`);
          expectThat(countsOf(reports) === loaded && (await standing()) === old.connections, `${countsOf(reports)} in place of ${loaded}`);
          return { ...told(reports), ...(await verified(run)) };
        },
      });
      await step({
        name: 'nothing-lost',
        expects: 'Enabled again for the one on the list, the booking that waited is brought to its calendar: one event, moved.',
        localOnly: true,
        act: async () => {
          await ops(run, `allow add providers ${someone.providerId}`);
          await ops(run, 'allow add connections *');
          for (const flag of ['SYNC', 'JOBS', 'WEBHOOK']) await ops(run, `flags enable ${flag}`);
          await applied(platform, booking.id, 2, 60_000);
          const events = (await someone.person.events()).filter(({ title }) => title === booking.title);
          expectThat(events.length === 1 && events[0]?.start === hour(4).start, `the calendar holds ${JSON.stringify(events)}`);
          return { events: events.length, writes: (await eventWrites(run, 'google')).length };
        },
      });
    } finally {
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    }
  },
};
