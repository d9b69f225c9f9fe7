import { randomUUID } from 'node:crypto';
import type { CalendarProvider } from '../../../lib/calendars/port.ts';
import { eventually } from '../../support/eventually.ts';
import { becomesBusy, hour, professional, type Professional } from '../../support/journey.ts';
import { searchForSecrets, secretsOf, writtenBy, type Place } from '../../support/leaks.ts';
import type { Run } from '../../support/run.ts';
import { strayFields } from '../../support/stray-fields.ts';
import { operate } from '../../support/operator.ts';
import { openPlace } from '../../../infra/commands/ops/place.ts';
import { join } from 'node:path';
import { rootOf } from '../act.ts';
import { channelOf, deliver, googleNotice } from '../../support/deliveries.ts';
import { each } from '../each-provider.ts';
import { expectThat } from '../expect-that.ts';
import type { Drill } from '../drill.ts';

interface Told {
  readonly function: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const within = { start: hour(0).start, end: hour(5).end };
/** Nobody but its owner is to read these. */
const confided = { title: `Confided ${randomUUID()}`, description: `Nobody else’s ${randomUUID()}` };

async function story({ sandbox }: Run, line: string): Promise<{ lines: Told[]; out: string }> {
  const surroundings = { open: () => openPlace({ outputs: join(sandbox.folder, 'outputs.json') }), clock: sandbox.clock.now };
  const { data } = await operate(['logs', ...line.split(' '), '--json'], surroundings);
  const { out } = await operate(['logs', ...line.split(' ')], surroundings);
  return { lines: data as Told[], out };
}

const logsOf = async ({ sandbox, platform }: Run): Promise<Place[]> => (await writtenBy(sandbox, platform)).filter(({ where }) => where.startsWith('log '));

export const logs: Drill = {
  name: 'logs',
  title: 'Logs are structured, tell one connection’s story under one id from the webhook to the table, and hold neither secrets nor what calendars and bookings say.',
  async run({ local, step }) {
    const run = local as Run;
    const people = new Map<CalendarProvider, Professional>();
    const bookings = new Map<CalendarProvider, string>();

    await step({
      name: 'one-story',
      expects: 'A notice’s id stands in the webhook’s line, in each call of the pull that it rang for, at Graph too, and in the line of what was applied; a booking’s from its wish to its event.',
      localOnly: true,
      act: () =>
        each(async (provider) => {
          const someone = await professional(run.platform, provider);
          people.set(provider, someone);
          const { connection_id: id } = someone.connection;
          await someone.person.add(confided.title, hour(0));
          await becomesBusy(run.platform, someone.providerId, { within, at: [hour(0)] });
          const [correlation, told] = await eventually('the story of a notice is whole', async () => storyOfNotice(await story(run, `--connection ${id}`)));
          if (provider === 'microsoft') await sentToGraph(run, correlation);
          const booking = { id: randomUUID(), version: 1, provider_id: someone.providerId, ...confided, start_time: new Date(hour(3).start).toISOString(), end_time: new Date(hour(3).end).toISOString() };
          bookings.set(provider, booking.id);
          await run.platform.publish('created', booking);
          const booked = await eventually('the story of the booking is whole', async () => {
            const { lines, out } = await story(run, `--booking ${booking.id}`);
            const ids = new Set(lines.map(({ fields }) => fields['correlation_id']));
            return ids.size === 1 && ['wish', 'call', 'drain'].every((message) => lines.some((line) => line.message === message)) ? out.split('\n') : undefined;
          });
          return { correlation, told, booked };
        }),
    });

    await step({
      name: 'structured',
      expects: 'Every line that a function logged is one JSON object of listed fields, and names its function.',
      localOnly: true,
      act: async () => {
        const logged = await logsOf(run);
        const stray = strayFields(logged);
        expectThat(stray.length === 0, stray.slice(0, 5).join('; '));
        const counts = Object.fromEntries(logged.map(({ where, lines }) => [where, lines.length]));
        expectThat(logged.length >= 5, `only ${Object.keys(counts).join(', ')} said anything`);
        return counts;
      },
    });

    await step({
      name: 'redacted',
      expects: 'No token, key, code or client secret stands in a log, in clear, in a URL or in base64; nor does a title, a description or an account; a forged notice leaves no word of its own there.',
      localOnly: true,
      act: async () => {
        const forged = `forged-${randomUUID()}`;
        const { status } = await deliver(run.sandbox, googleNotice({ ...(await channelOf(run.platform.outputs, (people.get('google') as Professional).connection)), token: `v1.w1.${forged}.n.${'A'.repeat(43)}` }, 7));
        expectThat(status === 401, `a forged notice was answered ${status}`);
        const secrets = await secretsOf(run.platform);
        const logged = await logsOf(run);
        searchForSecrets(secrets, logged);
        const accounts = [...people.values()].map(({ connection }) => connection.account);
        const said = [confided.title, confided.description, forged, ...accounts].filter((words) => logged.some(({ lines }) => lines.some((line) => line.includes(words))));
        expectThat(said.length === 0, `logs hold ${said.join(', ')}`);
        return { secrets: secrets.length, lines: logged.reduce((sum, { lines }) => sum + lines.length, 0), found: 0 };
      },
    });
  },
};

/** Undefined while a line of it is still to come. */
function storyOfNotice({ lines, out }: { lines: readonly Told[]; out: string }): readonly [correlation: string, told: readonly string[]] | undefined {
  const of = (id: unknown) => lines.filter(({ fields }) => fields['correlation_id'] === id);
  const id = lines.find(({ message, fields }) => message === 'notice' && fields['hinted'] === true && of(fields['correlation_id']).some((line) => line.message === 'pull' && line.fields['cleared'] === true && line.fields['items'] !== 0))?.fields['correlation_id'];
  const mine = of(id);
  const whole = ['notice', 'call', 'pull'].every((message) => mine.some((line) => line.message === message)) && mine.some(({ fields }) => typeof fields['fence'] === 'number' && typeof fields['generation'] === 'number');
  return typeof id === 'string' && whole ? [id, out.split('\n').filter((line) => line.includes(id.slice(0, 8)))] : undefined;
}

async function sentToGraph(run: Run, correlation: string): Promise<void> {
  const requests = (await (await fetch(`${rootOf(run.platform.outputs, 'microsoft')}/_sim/requests`)).json()) as { headers: Record<string, string> }[];
  expectThat(requests.some(({ headers }) => headers['client-request-id'] === correlation), `Graph saw no request under ${correlation}`);
}
