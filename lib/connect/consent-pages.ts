// What a person sees of a consent: a plain page of ours with one sentence, or the way back to the platform.
import { createHash } from 'node:crypto';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/** How a consent ended, other than well. The word travels to the platform as `reason`. */
export type Refusal = keyof typeof sentences;

const sentences = {
  unknown_link: { status: 404, text: 'This link is not known, or ended a while ago. Ask for a new one where you got it.' },
  expired: { status: 410, text: 'This link ended: it is good for ten minutes, or a day where an administrator must agree. Ask for a new one where you got it.' },
  replayed: { status: 409, text: 'This link was used already, and is good for one connection only. If you were told that your calendar is connected, it is.' },
  worn_out: { status: 410, text: 'This link was opened too often, so nothing was connected. Ask for a new one where you got it.' },
  tampered: { status: 400, text: 'This answer does not belong to the last time that the link was opened, so nothing was connected. Open the link again.' },
  other_browser: { status: 403, text: 'The consent was begun in another browser, so nothing was connected. Open the link in the browser in which you agree.' },
  off: { status: 403, text: 'New connections are turned off at the moment, so nothing was connected. Try again later.' },
  erasing: { status: 409, text: 'What is kept for you here is being erased at this moment, so nothing was connected. If you want to connect a calendar all the same, ask for a new link in a few minutes.' },
  unknown: { status: 503, text: 'We cannot tell just now whether new connections are allowed, so nothing was connected. Try again in a minute.' },
  denied: { status: 200, text: 'You did not agree, so nothing was connected.' },
  scope_missing: { status: 200, text: 'A box that we need was left empty, so nothing was connected: without it we can neither see when you are busy nor enter your bookings. Try again, and leave every box ticked.' },
  no_refresh_token: { status: 502, text: 'The calendar provider did not let us stay connected while you are away, so nothing was connected. Remove our access in your account there, then ask for a new link.' },
  admin_consent_required: { status: 200, text: 'Your organisation lets only an administrator allow this. Nothing is connected yet. Send your administrator the address below; once they agreed, open your link again within a day, or ask for a new one.' },
  provider_refused: { status: 400, text: 'The calendar provider refused the request, so nothing was connected. Ask for a new link where you got this one.' },
  provider_unavailable: { status: 503, text: 'The calendar provider did not answer, so nothing was connected. Try again in a minute.' },
  code_refused: { status: 400, text: 'The calendar provider no longer took the answer that you came back with, so nothing was connected. Try again.' },
  identity_refused: { status: 502, text: 'The calendar provider did not say whose account this is, so nothing was connected. Ask for a new link where you got this one.' },
  no_calendar: { status: 200, text: 'This account has no calendar that we can read and write, so nothing was connected. Choose another account.' },
  account_taken: { status: 409, text: 'This account is connected to somebody else here already, so nothing was connected. It must be disconnected there first, or choose another account.' },
  busy: { status: 409, text: 'This account is being connected or disconnected at this very moment, so nothing was changed. Try again in a few minutes.' },
  our_fault: { status: 500, text: 'Something went wrong on our side, so nothing was connected. Ask for a new link where you got this one.' },
} as const;

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character] ?? '');

const style = 'body{font:18px/1.5 system-ui,sans-serif;max-width:34em;margin:4em auto;padding:0 1em}code{word-break:break-all}';
const styleHash = createHash('sha256').update(style).digest('base64');

/** The address that a person came by holds a code or a start's id: it must not travel on, be kept, or be framed. */
const careful = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' } as const;
const pageHeaders = {
  ...careful,
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

interface PageLink {
  readonly text: string;
  readonly href: string;
}

export interface Page {
  readonly status: number;
  readonly title: string;
  readonly text: string;
  /** Shown to be copied, not to be followed. */
  readonly address?: string;
  readonly links?: readonly PageLink[];
}

export function pageAnswer({ status, title, text, address, links = [] }: Page): APIGatewayProxyStructuredResultV2 {
  const body = [
    `<h1>${escaped(title)}</h1>`,
    `<p>${escaped(text)}</p>`,
    ...(address === undefined ? [] : [`<p><code>${escaped(address)}</code></p>`]),
    ...links.map(({ text: words, href }) => `<p><a href="${escaped(href)}">${escaped(words)}</a></p>`),
  ];
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${style}</style></head><body>${body.join('')}</body></html>`;
  return { statusCode: status, headers: pageHeaders, body: html };
}

export const redirect = (location: string, cookies: string[] = []): APIGatewayProxyStructuredResultV2 => ({
  statusCode: 302,
  headers: { ...careful, location },
  ...(cookies.length > 0 && { cookies }),
  body: '',
});

/** The platform's address with the result in its query, whatever else stands there. */
export function returnAddress(returnUrl: string, result: Readonly<Record<string, string>>): string {
  const url = new URL(returnUrl);
  for (const [name, value] of Object.entries(result)) url.searchParams.set(name, value);
  return url.toString();
}

export interface RefusalPage {
  readonly again?: string;
  readonly returnUrl?: string | undefined;
  readonly address?: string | undefined;
}

export function refusalPage(refusal: Refusal, { again, returnUrl, address }: RefusalPage = {}): APIGatewayProxyStructuredResultV2 {
  const { status, text } = sentences[refusal];
  return pageAnswer({
    status,
    title: 'Your calendar is not connected',
    text,
    ...(address !== undefined && { address }),
    links: [
      ...(again === undefined ? [] : [{ text: 'Try again', href: again }]),
      ...(returnUrl === undefined ? [] : [{ text: 'Go back', href: returnAddress(returnUrl, { result: 'denied', reason: refusal }) }]),
    ],
  });
}

export const connectedPage = (): APIGatewayProxyStructuredResultV2 =>
  pageAnswer({
    status: 200,
    title: 'Your calendar is connected',
    text: 'What makes you busy in your main calendar now blocks bookable time, and your bookings will appear there. The booking platform can change which calendars block and which one receives bookings. You may close this page.',
  });

export const adminPage = (allowed: boolean): APIGatewayProxyStructuredResultV2 =>
  pageAnswer(
    allowed
      ? { status: 200, title: 'Thank you', text: 'Your organisation allows this now. Whoever asked you can open their link again, or ask for a new one.' }
      : { status: 200, title: 'Nothing was allowed', text: 'Your organisation does not allow this yet, and nothing was changed.' },
  );
