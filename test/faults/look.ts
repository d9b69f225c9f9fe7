// Looks at the world: after every write, and when all is quiet.
import { inMs } from '../../lib/availability/intervals.ts';
import { readProvider } from '../../lib/availability/read-provider.ts';
import type { Written } from '../support/memory-tables.ts';
import { told } from '../support/readings.ts';
import type { FaultWorld, Person } from './fault-world.ts';
import { cursorLast, judged, privacyKept, secretsKept, silentWhileOff } from './invariants.ts';
import type { Span } from './model.ts';

const always = { start: Date.parse('2000-01-01T00:00:00Z'), end: Date.parse('2100-01-01T00:00:00Z') };

/** `zombies`: late writes may make a second event, which inbound sees and undoes. From now on, whatever a reader would find amiss after any write is a violation. */
export function watchEveryWrite(world: FaultWorld, { zombies = false } = {}): void {
  world.tables.onWrite = (written) => {
    if (written.table === 'busy-intervals') noBlink(world, written);
    if (written.table === 'booking-events') newerStands(world, written);
    fenceStands(world, written);
    cursorLast(world, written);
    privacyKept(world, written);
  };
  world.outside.look = (what, process) => {
    silentWhileOff(world, what, process);
    if (!zombies && (what.startsWith('google') || what.startsWith('graph'))) for (const person of world.people) neverTwo(world, person);
  };
}

/** A row that a reader saw, and that is still true, must be there after the write, or be covered by others. */
function noBlink(world: FaultWorld, { before, after }: Written): void {
  if (before === undefined || before['start'] === undefined || String(before['row']).startsWith('!')) return;
  const lost = { start: Date.parse(String(before['start'])), end: Date.parse(String(before['end'])) };
  if (after?.['start'] === before['start'] && after?.['end'] === before['end']) return;
  const providerId = String(before['provider_id']);
  if (lost.end <= world.now) return;
  const isTrue = world.model.busy(providerId).some(({ start, end }) => start === lost.start && end === lost.end);
  judged(world, 'no blink');
  if (!isTrue) return;
  const rows = world.tables.all('busy-intervals').filter((row) => row['provider_id'] === providerId && row['start'] !== undefined && !String(row['row']).startsWith('!'));
  if (!rows.some((row) => Date.parse(String(row['start'])) <= lost.start && Date.parse(String(row['end'])) >= lost.end)) world.violations.push(`blink: ${told(lost)} of ${providerId} vanished though it is still true`);
}

function newerStands(world: FaultWorld, { before, after }: Written): void {
  if (before?.['part'] !== 'wish') return;
  judged(world, 'old never beats new');
  if (Number(after?.['version'] ?? Infinity) < Number(before['version'])) world.violations.push(`the wish of ${String(before['booking_id'])} went back from version ${String(before['version'])}`);
}

function fenceStands(world: FaultWorld, { before, after }: Written): void {
  if (before?.['fence'] === undefined || after === undefined) return;
  judged(world, 'old never beats new');
  if (Number(after['fence']) < Number(before['fence'])) world.violations.push(`a late write passed a newer fence: ${JSON.stringify(before)} became ${JSON.stringify(after)}`);
}

/** Whatever stands in a calendar and is not the person's own is ours. */
function ours(world: FaultWorld, person: Person, calendar: Person['calendars'][number]) {
  const own = world.model.calendar(person.id, calendar.id).events;
  return calendar.hands.standing().filter(({ id }) => !own.has(id));
}

function neverTwo(world: FaultWorld, person: Person): void {
  if (world.afterwards.length > 0) return;
  judged(world, 'one booking, one event');
  for (const calendar of person.calendars) {
    const titles = ours(world, person, calendar).map(({ title }) => title.split(' ')[0] ?? '');
    const twice = titles.find((title, index) => titles.indexOf(title) !== index);
    if (twice !== undefined) world.violations.push(`two events for booking ${twice} in a calendar of ${person.id}`);
  }
}

const spansOf = (spans: readonly Span[]): string[] => spans.map(told).sort();

/** All differences between the world at rest and the model. */
export async function differences(world: FaultWorld): Promise<string[]> {
  const { model, tables } = world;
  const found: string[] = [];
  const compare = (what: string, is: unknown, wanted: unknown): void => {
    const [a, b] = [JSON.stringify(is), JSON.stringify(wanted)];
    if (a !== b) found.push(`${what}: ${a}, wanted ${b}`);
  };
  for (const providerId of new Set(world.people.map((person) => person.providerId))) {
    const { intervals } = await readProvider(tables.dynamo, tables.named['busy-intervals'])(providerId, always);
    const ahead = (spans: readonly Span[]): string[] => spansOf(spans.filter(({ end }) => end > world.now));
    judged(world, 'nothing lost');
    compare(`busy time of ${providerId}`, ahead(intervals.map(inMs)), ahead(model.busy(providerId)));
  }
  for (const person of world.people) {
    const connection = model.connections.get(person.id);
    if (connection?.state !== 'active' && connection?.state !== 'gone') continue;
    for (const calendar of person.calendars) {
      // What is over is nobody's to change: it stays where it was when it ended.
      const listed = (events: readonly (Span & { readonly title: string })[]): string[] => events.filter(({ end }) => end > world.now).map((event) => `${event.title} ${told(event)}`);
      const [standing, wished] = [listed(ours(world, person, calendar)), listed(model.wished(connection, model.calendar(person.id, calendar.id)))];
      judged(world, 'one booking, one event');
      compare(`events of ours at ${person.id}`, standing.sort(), wished.sort());
    }
    compare(`state of ${person.id}`, tables.get('connections', { connection_id: person.id })?.['state'] ?? 'gone', connection.state);
  }
  for (const table of ['sync-state', 'busy-intervals'] as const) {
    for (const row of tables.all(table)) {
      const id = String(row['connection_id'] ?? String(row['row']).replace(/^!/, '').split('#')[0]);
      const known = id.startsWith('!') || model.connections.has(id);
      if ((!known || model.connections.get(id)?.state === 'gone') && row['expires'] === undefined) found.push(`${table} still has ${JSON.stringify(row)}`);
    }
  }
  for (const row of tables.all('sync-state')) {
    const where = `${String(row['connection_id'])} ${String(row['part'])}`;
    const active = model.connections.get(String(row['connection_id']))?.state === 'active';
    if (row['dirtySince'] !== undefined) found.push(`${where} is still dirty`);
    if (active && row['part'] === 'pull' && Number(row['errorCount'] ?? 0) > 0) found.push(`${where} still counts errors`);
    if (active && row['part'] === 'push' && row['dueLate'] !== undefined) found.push(`${where} still has a walk due`);
  }
  for (const row of tables.all('booking-events')) {
    if (row['part'] === 'wish' && !model.bookings.has(String(row['booking_id']))) found.push(`${String(row['booking_id'])} was not erased`);
    if (row['part'] === 'of' && !model.bookings.has(String(row['of']))) found.push(`a pointer to ${String(row['of'])} was not erased`);
    if (row['pendingSince'] !== undefined) found.push(`${String(row['booking_id'])} is still pending`);
    if ((row['strays'] as ReadonlySet<string> | undefined)?.size) found.push(`${String(row['booking_id'])} still has strays`);
  }
  return [...found, ...secretsKept(world), ...world.violations];
}
