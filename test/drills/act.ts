// What operators and calendars do in drills, by the real commands and over the real engines.
import { operate, type Shown } from '../support/operator.ts';
import { openPlace } from '../../infra/commands/ops/place.ts';
import type { CalendarProvider } from '../../lib/calendars/port.ts';
import type { Run } from '../support/run.ts';
import type { LoggedRequest } from '../simulators/simulator-server.ts';
import { expectThat } from './expect-that.ts';
import { join } from 'node:path';
import { seconds } from '../../lib/platform/clock.ts';
import { eventually } from '../support/eventually.ts';

/** Runs one command of the operator's on a local run, and wants it to do what it says. */
export async function ops({ sandbox }: Run, line: string): Promise<Shown> {
  const shown = await operate([...line.split(' '), '--yes'], { open: () => openPlace({ outputs: join(sandbox.folder, 'outputs.json') }), clock: sandbox.clock.now });
  expectThat(shown.code === 0, `npm run ops -- ${line}: exit code ${shown.code}. ${shown.notes} ${shown.out}`);
  return shown;
}

/** Resolves once no function goes by older settings: they are remembered for up to 30 s. */
export async function settingsKnown({ sandbox: { clock } }: Run): Promise<void> {
  const until = clock.now() + seconds(40);
  await eventually('the settings are known to everybody', () => clock.now() > until, { withinMs: clock.wall(seconds(40)) + 5000 });
}

/** Requests that a simulated calendar provider has seen, its token endpoint's left out. */
export async function requests({ platform }: Run, provider: CalendarProvider): Promise<LoggedRequest[]> {
  const all = (await (await fetch(`${rootOf(platform.outputs, provider)}/_sim/requests`)).json()) as LoggedRequest[];
  return all.filter(({ path }) => !/token/.test(path));
}

/** Those among them that change an event. */
export const eventWrites = async (run: Run, provider: CalendarProvider): Promise<LoggedRequest[]> => (await requests(run, provider)).filter(({ method, path }) => method !== 'GET' && /\/events/.test(path) && !path.endsWith('/watch'));

export const rootOf = ({ simulators }: Run['platform']['outputs'], provider: CalendarProvider): string => (provider === 'google' ? simulators.google : simulators.graph);
