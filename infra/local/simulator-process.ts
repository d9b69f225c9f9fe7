// Child process of the local run: the simulators of both calendar providers, so that a list of 10,000 events does not hold up the runner.
import { seededRandom } from './disturbance.ts';
import { startGoogleSimulator } from '../../test/simulators/google/simulator.ts';
import { startMicrosoftSimulator } from '../../test/simulators/microsoft/simulator.ts';

process.once('disconnect', () => process.exit());

const random = seededRandom(Number(process.argv[2] ?? 1));
const clock = (): number => Date.now();
const [google, microsoft] = await Promise.all([startGoogleSimulator({ clock, random }), startMicrosoftSimulator({ clock, random })]);
process.send?.({ google: google.url, googleOauth: google.oauthUrl, graph: microsoft.url, login: microsoft.loginUrl });
