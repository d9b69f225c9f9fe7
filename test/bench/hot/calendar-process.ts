// AWS and a Google calendar behind HTTP, in a process of their own, so that their work is not counted as ours.
import { startAwsEndpoint } from '../../support/aws-endpoint.ts';
import { googleHands, type Span } from '../../support/hands.ts';
import { memoryTables } from '../../support/memory-tables.ts';
import { startGoogleSimulator } from '../../simulators/google/simulator.ts';
import { takingBack } from './taken-back.ts';

/** `events` go into the one calendar; `due`: that connection is to be listed anew, and from there on all writes can be taken back. */
export type Wanted = { readonly parameters: readonly (readonly [string, string])[] } | { readonly events: readonly Span[] } | { readonly due: string } | 'taken back';

const account = 'person@google.example';
const zone = 'Europe/Berlin';

const tables = await memoryTables(Date.now);
const endpoint = await startAwsEndpoint(tables);
const google = await startGoogleSimulator({ manners: { syncFirst: false } });
const { accessToken, refreshToken } = google.addAccount({ email: account, calendars: [{ id: account, timeZone: zone, primary: true }] });
const hands = googleHands(google, { account, calendar: account }, zone);
let takeBack: (() => Promise<void>) | undefined;

async function give(wanted: Wanted): Promise<void> {
  if (wanted === 'taken back') await takeBack?.();
  else if ('parameters' in wanted) for (const [name, value] of wanted.parameters) endpoint.parameters.set(name, value);
  else if ('events' in wanted) for (const span of wanted.events) hands.add(span);
  else {
    tables.put('sync-state', { ...tables.get('sync-state', { connection_id: wanted.due, part: 'pull' }), dueRoll: 1, dueAt: 1 });
    takeBack = takingBack(tables);
  }
}

process.on('message', (wanted: Wanted) => void give(wanted).then(() => process.send?.({ done: true })));
process.on('disconnect', () => process.exit(0));
process.send?.({ aws: endpoint.url, google: google.url, named: tables.named, account, accessToken, refreshToken });
