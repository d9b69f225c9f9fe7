// What the consent pages of both providers have in common: a form that a person sends, codes good for one use, PKCE, id tokens.
import { createHash, createHmac } from 'node:crypto';
import type { Clock } from '../../lib/platform/clock.ts';
import type { SimRequest, SimResponse } from './simulator-server.ts';

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

export interface ConsentForm {
  readonly title: string;
  readonly action: string;
  /** What the app asked, sent along. */
  readonly query: URLSearchParams;
  /** Who could be meant; the one hinted at comes first. */
  readonly accounts: readonly string[];
  /** Boxes that a person may leave empty. */
  readonly boxes?: readonly { readonly value: string; readonly text: string }[];
}

/** A form with a radio button an account, a box a scope, and two buttons: `decide` is approve or deny. */
export function formPage({ title, action, query, accounts, boxes = [] }: ConsentForm): SimResponse {
  const hidden = [...query].filter(([name]) => !name.startsWith('sim_')).map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`);
  const radios = accounts.map((email, n) => `<label><input type="radio" name="sim_account" value="${escaped(email)}"${n === 0 ? ' checked' : ''}> ${escaped(email)}</label><br>`);
  const ticks = boxes.map(({ value, text }) => `<label><input type="checkbox" name="sim_tick" value="${escaped(value)}" checked> ${escaped(text)}</label><br>`);
  const buttons = '<button name="sim_decide" value="approve">Allow</button> <button name="sim_decide" value="deny">Cancel</button>';
  return page(200, title, `<form method="post" action="${escaped(action)}">${[...hidden, ...radios, ...ticks].join('')}${buttons}</form>`);
}

export const page = (status: number, title: string, body: string): SimResponse => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: `<!doctype html><title>${escaped(title)}</title><h1>${escaped(title)}</h1>${body}`,
});

export const back = (redirectUri: string, answer: Readonly<Record<string, string | undefined>>): SimResponse => {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(answer)) if (value !== undefined) url.searchParams.set(name, value);
  return { status: 302, headers: { location: url.toString() } };
};

/** What the app asked and the person answered: a form sent, or, for tests that decide at once, `sim_decide` and `sim_account` in the query. */
export interface Decision {
  readonly asked: URLSearchParams;
  readonly decide: string | undefined;
  readonly account: string;
  /** Undefined: every box. */
  readonly ticked: readonly string[] | undefined;
}

export function decisionOf(request: SimRequest): Decision {
  const asked = request.method === 'POST' ? new URLSearchParams(request.body) : request.query;
  const untick = asked.getAll('sim_untick');
  const scopes = (asked.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  const ticked = request.method === 'POST' ? asked.getAll('sim_tick') : untick.length > 0 ? scopes.filter((scope) => !untick.some((name) => scope.endsWith(name))) : undefined;
  return { asked, decide: asked.get('sim_decide') ?? undefined, account: asked.get('sim_account') ?? asked.get('login_hint') ?? '', ticked };
}

/** What one code stands for. */
export interface CodeOf<A> {
  readonly account: A;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly challenge: string | undefined;
  readonly nonce: string | undefined;
  readonly scopes: readonly string[];
  readonly offline: boolean;
  readonly insisted: boolean;
}

export type Redeemed<A> = { readonly ok: true; readonly of: CodeOf<A> } | { readonly ok: false; readonly why: 'unknown' | 'used' | 'expired' | 'redirect' | 'verifier' };

export interface Codes<A> {
  issue(of: CodeOf<A>): string;
  /** Once. A code that was shown with a wrong verifier or address is spent too. */
  redeem(code: string, shown: { clientId: string; redirectUri: string; verifier: string }): Redeemed<A>;
  /** Every code given out. */
  readonly issued: readonly string[];
}

const codeLife = 10 * 60_000;

export function codeBook<A>(clock: Clock, newCode: () => string): Codes<A> {
  const codes = new Map<string, { of: CodeOf<A>; until: number; used: boolean }>();
  const issued: string[] = [];
  return {
    issued,
    issue: (of) => {
      const code = newCode();
      issued.push(code);
      codes.set(code, { of, until: clock() + codeLife, used: false });
      return code;
    },
    redeem: (code, { clientId, redirectUri, verifier }) => {
      const found = codes.get(code);
      if (found === undefined || found.of.clientId !== clientId) return { ok: false, why: 'unknown' };
      if (found.used) return { ok: false, why: 'used' };
      found.used = true;
      if (found.until <= clock()) return { ok: false, why: 'expired' };
      if (found.of.redirectUri !== redirectUri) return { ok: false, why: 'redirect' };
      const shown = createHash('sha256').update(verifier).digest('base64url');
      return found.of.challenge !== undefined && found.of.challenge !== shown ? { ok: false, why: 'verifier' } : { ok: true, of: found.of };
    },
  };
}

/** Signed with the client's secret (HS256): the client has no key of ours to check another signature with. */
export function idToken(claims: Readonly<Record<string, unknown>>, secret: string): string {
  const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
