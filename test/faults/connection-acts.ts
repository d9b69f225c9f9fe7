// What becomes of connections: people join, leave, take their consent back and give it anew, and choose another calendar to receive.
import { minutes, seconds } from '../../lib/platform/clock.ts';
import { Setting } from '../../lib/platform/names.ts';
import { zone, type FaultWorld, type Person } from './fault-world.ts';
import { quiet } from './quiet.ts';

const mostPeople = 4;
/** A consent is refused while they are closed or unknown, and the person told so. */
const consentsAreOpen = ({ settings, ssm }: FaultWorld): boolean => ssm && settings.get(Setting.oauthEnabled) === 'true' && settings.get(Setting.providerAllowlist) === '*';
const stateOf = (world: FaultWorld, { id }: Person) => world.model.connections.get(id)?.state;
const here = (world: FaultWorld): Person[] => world.people.filter((person) => stateOf(world, person) === 'active');

/** `a`: at which calendar provider; `b`: who of the known has one more, or nobody. */
export async function join(world: FaultWorld, { a, b }: { a: number; b: number }): Promise<void> {
  if (world.people.length >= mostPeople || !consentsAreOpen(world)) return;
  const known = world.people[Math.floor(b * 2 * world.people.length)];
  await world.consents(a < 0.5 ? 'google' : 'microsoft', known ? { providerId: known.providerId } : {});
}

export async function leave(world: FaultWorld, a: number): Promise<void> {
  const [, ...others] = here(world);
  const person = others[Math.floor(a * others.length)];
  if (!person) return;
  world.model.leave(person.id);
  await world.asks(({ disconnect }) => disconnect(person.id));
}

/** Which calendars there are is asked of the calendar provider, and so waits for SYNC. */
export async function switchReceiving(world: FaultWorld): Promise<void> {
  if (world.settings.get(Setting.syncEnabled) !== 'true' || !consentsAreOpen(world)) return;
  for (const { id } of here(world).filter((person) => person.calendars.length > 1)) {
    const { calendars } = world.model.connections.get(id) ?? { calendars: [] };
    for (const calendar of calendars) calendar.receives = !calendar.receives;
    await world.asks(({ patch }) => patch(id, { calendars: calendars.map((calendar) => ({ id: calendar.id, blocks: calendar.blocks, receives: calendar.receives })) }));
  }
}

/** Who joined by consent takes it back; access tokens that are out live on, or not. */
export function revoke(world: FaultWorld, { a, b }: { a: number; b: number }): void {
  const able = here(world).filter((person) => person.calendars.length === 1);
  const person = able[Math.floor(a * able.length)];
  const connection = person && world.model.connections.get(person.id);
  if (!person || !connection) return;
  connection.state = 'reauthorization_required';
  if (person.provider === 'google') world.google.revoke(person.account);
  else world.microsoft.revoke(person.account, { accessTokensToo: b < 0.5 });
}

/** All who took it back agree again, by the same account. */
export async function consentAgain(world: FaultWorld): Promise<void> {
  if (!consentsAreOpen(world)) return;
  for (const person of world.people.filter((one) => stateOf(world, one) === 'reauthorization_required')) await agree(world, person);
}

async function agree(world: FaultWorld, { id, provider, providerId, account, calendars: [calendar] }: Person): Promise<void> {
  const calendars = [{ id: calendar?.id ?? '', timeZone: zone, primary: true }];
  const { accessToken, refreshToken } = provider === 'google' ? world.google.addAccount({ email: account, calendars }) : world.microsoft.consent(account);
  for (let tried = 0; tried < 6; tried += 1) {
    const { answer } = await world.invoke('connect', () => world.functions.consent({ provider, providerId, account, accessToken, refreshToken }, world.now + seconds(24)));
    if (answer?.end === 'connected') {
      const connection = world.model.connections.get(answer.connectionId);
      if (!connection || answer.connectionId !== id) throw new Error(`${account} consented again and became ${answer.connectionId}, who was ${id}.`);
      connection.state = 'active';
      return;
    }
    await quiet(world, { until: world.now + minutes(3) });
  }
  throw new Error(`${account} could not consent again.`);
}
