// A thousand notices for one connection, as fast as they are taken: they must end in few pulls, whatever their number.
import { days, hours } from '../../lib/platform/clock.ts';
import { eachConcurrently } from '../../lib/platform/concurrently.ts';
import { channelOf, deliver, googleNotice, weather } from '../support/deliveries.ts';
import { callsOf, engineCalls } from '../support/engine-calls.ts';
import { settled } from '../support/inbox-rows.ts';
import type { Run } from '../support/run.ts';
import type { LoggedRequest } from '../simulators/simulator-server.ts';
import type { Report } from './bench.ts';

export async function measureStorm({ platform }: Run, { notices, atOnce, progress }: { notices: number; atOnce: number; progress: (line: string) => void }): Promise<Report> {
  const { simulators } = platform.outputs;
  await weather(simulators.google, { drop: 1 });
  const providerId = 'storm-professional';
  const { connection, person } = await platform.connect({ provider: 'google', providerId });
  const id = connection.connection_id;
  await settled(platform, id);
  const channel = await channelOf(platform.outputs, connection);
  const start = Math.ceil(Date.now() / hours(1)) * hours(1) + days(1);
  await person.add('What the notices are about', { start, end: start + hours(1) });

  const counted = engineCalls(platform.outputs);
  await counted.forget();
  await fetch(`${simulators.google}/_sim/requests`, { method: 'DELETE' });
  const statuses = new Map<number, number>();
  const began = performance.now();
  await eachConcurrently(Array.from({ length: notices }, (_, n) => n), atOnce, async (n) => {
    const { status } = await deliver(platform.outputs, googleNotice(channel, 10 + n));
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  });
  const seconds = (performance.now() - began) / 1000;
  await settled(platform, id);

  const lists = ((await (await fetch(`${simulators.google}/_sim/requests`)).json()) as LoggedRequest[]).filter(({ method, path }) => method === 'GET' && /^\/calendar\/v3\/calendars\/[^/]+\/events$/.test(path)).length;
  const hints = callsOf(await counted.queues(), /^SendMessage(Batch)? .*-inbound$/);
  const { busy } = await platform.busy(providerId, start, start + hours(1));
  const told = [...statuses].map(([status, times]) => `${times} × ${status}`).join(', ');
  const most = 2 + seconds;
  progress(`${notices} notices in ${seconds.toFixed(1)} s`);
  return {
    tables: [{ title: `${notices} notices for one Google calendar, ${atOnce} at a time`, rows: [{ answers: told, 'seconds to the last answer': seconds.toFixed(2), 'list calls': lists, hints, 'at most': most.toFixed(2) }] }],
    findings: [
      { promise: 'storm: every notice is accepted', measured: told, kept: statuses.get(202) === notices },
      { promise: 'storm: at most 2 + s list calls', measured: `${lists} of ${most.toFixed(2)}`, kept: lists <= most },
      { promise: 'storm: at most 2 + s hints', measured: `${hints} of ${most.toFixed(2)}`, kept: hints <= most },
      { promise: 'storm: the change is seen', measured: `${busy.length} of 1`, kept: busy.length === 1 },
    ],
  };
}
