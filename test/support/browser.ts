// A person at a browser: follows redirects, keeps cookies, sends forms. Nothing of it knows whose pages it shows.

export interface Shown {
  readonly status: number;
  readonly url: string;
  readonly headers: Headers;
  readonly text: string;
}

export interface Browser {
  /** One request, no redirect followed. */
  get(url: string): Promise<Shown>;
  /** Sends the form of a page; `fields` are what the person fills in, over what stands there. */
  submit(page: Shown, fields: readonly (readonly [string, string])[]): Promise<Shown>;
  /** Name=value of the cookies held for an origin. */
  cookies(origin: string): readonly string[];
}

export function browser(): Browser {
  const jar = new Map<string, Map<string, string>>();
  const request = async (url: string, init: RequestInit = {}): Promise<Shown> => {
    const { origin } = new URL(url);
    const held = jar.get(origin) ?? new Map<string, string>();
    jar.set(origin, held);
    const cookie = [...held].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { ...init.headers, ...(cookie !== '' && { cookie }) } });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      held.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    return { status: response.status, url, headers: response.headers, text: await response.text() };
  };
  return {
    get: (url) => request(url),
    submit: (page, fields) => {
      const { action, inputs } = formOf(page.text);
      const body = new URLSearchParams([...inputs.filter(([name]) => !fields.some(([filled]) => filled === name)), ...fields].map(([name, value]): [string, string] => [name, value]));
      return request(new URL(action, page.url).toString(), { method: 'POST', body });
    },
    cookies: (origin) => [...(jar.get(origin) ?? [])].map(([name, value]) => `${name}=${value}`),
  };
}

const plain = (text: string): string => text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))).replaceAll('&amp;', '&');

/** The one form of a page: where it goes, and every input that is hidden or checked. */
export function formOf(html: string): { action: string; inputs: [string, string][] } {
  const action = /<form[^>]* action="([^"]*)"/.exec(html)?.[1];
  if (action === undefined) throw new Error(`There is no form on this page: ${html.slice(0, 200)}`);
  const inputs = [...html.matchAll(/<input [^>]*>/g)].map(([tag]) => tag).filter((tag) => /type="hidden"/.test(tag) || / checked/.test(tag));
  return { action: plain(action), inputs: inputs.map((tag) => [plain(/ name="([^"]*)"/.exec(tag)?.[1] ?? ''), plain(/ value="([^"]*)"/.exec(tag)?.[1] ?? '')]) };
}

export interface Decides {
  /** Email. */
  readonly account: string;
  readonly decide?: 'approve' | 'deny';
  /** Ends of the scopes whose box is left empty. */
  readonly untick?: readonly string[];
}

/** Where a consent ended: on a page of ours, or on its way to the platform's own address. */
export interface ConsentEnding {
  readonly page?: Shown;
  readonly returned?: URL;
  /** How often the provider's page was shown. */
  readonly asked: number;
  /** The addresses that the browser was sent to. */
  readonly visited: readonly string[];
}

/** From the link to the end, as a person goes who decides so. `home` is where our pages and the provider's are; beyond it nothing is opened. */
export async function consent(at: Browser, link: string, { home, ...decides }: Decides & { home: readonly string[] }): Promise<ConsentEnding> {
  const visited: string[] = [];
  let asked = 0;
  let shown = await at.get(link);
  for (let steps = 0; steps < 20; steps += 1) {
    visited.push(shown.url);
    const location = shown.headers.get('location');
    if (location !== null && shown.status >= 300 && shown.status < 400) {
      if (!home.some((root) => location.startsWith(`${root}/`))) return { returned: new URL(location), asked, visited };
      shown = await at.get(location);
    } else if (shown.text.includes('<form')) {
      asked += 1;
      shown = await at.submit(shown, fill(shown, decides));
    } else return { page: shown, asked, visited };
  }
  throw new Error(`A consent went round and round: ${visited.join(' → ')}`);
}

function fill(page: Shown, { account, decide = 'approve', untick = [] }: Decides): (readonly [string, string])[] {
  const ticks = formOf(page.text).inputs.filter(([name, value]) => name === 'sim_tick' && !untick.some((end) => value.endsWith(end)));
  return [['sim_account', account], ['sim_decide', decide], ...(ticks.length === 0 ? ([['sim_tick', '']] as const) : ticks)];
}
