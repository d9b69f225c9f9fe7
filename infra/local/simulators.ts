// Stands in for Google Calendar, Google's OAuth, Microsoft Graph and Entra, except where the environment names another stand-in.
import { Env } from '../../lib/platform/names.ts';
import { startServer } from './child-process.ts';
import type { Child } from './child-process.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface SimulatorUrls {
  readonly google: string;
  readonly googleOauth: string;
  readonly graph: string;
  readonly login: string;
}

export interface Simulators {
  readonly urls: SimulatorUrls;
  readonly child?: Child;
}

const variables: Readonly<Record<keyof SimulatorUrls, string>> = {
  google: Env.googleApiUrl,
  googleOauth: Env.googleOauthUrl,
  graph: Env.microsoftGraphUrl,
  login: Env.microsoftLoginUrl,
};

export async function startSimulators(clock: VirtualClock, options: { seed: number; environment?: NodeJS.ProcessEnv }): Promise<Simulators> {
  const { environment = process.env } = options;
  const given = Object.fromEntries(
    Object.entries(variables).flatMap(([name, variable]) => {
      const url = environment[variable];
      return url ? [[name, url.replace(/\/$/, '')] as const] : [];
    }),
  ) as Partial<SimulatorUrls>;
  const { google, googleOauth, graph, login } = given;
  if (google !== undefined && googleOauth !== undefined && graph !== undefined && login !== undefined) return { urls: { google, googleOauth, graph, login } };
  // Their dates alone: a webhook still gets the seconds that Google and Microsoft give it, however fast the days go by.
  const child = await startServer<SimulatorUrls>('simulator-process.ts', { args: [String(options.seed)], nodeOptions: clock.preload('dates') });
  return { urls: { ...child.address, ...given }, child };
}

/** Where people consent at Google: the simulator answers there too; a stand-in for its token endpoint may name another place. */
const consentUrl = (urls: SimulatorUrls): string => process.env[Env.googleConsentUrl]?.replace(/\/$/, '') ?? urls.googleOauth;

/** What functions find in the variables that name calendar providers. */
export const providerEnvironment = (urls: SimulatorUrls): Record<string, string> => ({
  [variables.google]: urls.google,
  [variables.googleOauth]: urls.googleOauth,
  [Env.googleConsentUrl]: consentUrl(urls),
  [variables.graph]: urls.graph,
  [variables.login]: urls.login,
});
