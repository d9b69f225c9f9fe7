// Graph's two forms of event ids. Both name the same event; only the immutable one survives a move between folders. Case matters in both.
import { createHash } from 'node:crypto';

export type IdForm = 'regular' | 'immutable';

/** An event of a mailbox, or one occurrence of it. */
export interface EventName {
  readonly key: string;
  readonly occurrence?: string;
}

const prefixes: Readonly<Record<IdForm, string>> = { regular: 'AAMkAD', immutable: 'AAkALg' };
const suffix = 'AAA=';

/** The part that all ids of one mailbox have in common. */
export const mailboxPart = (oid: string): string => createHash('sha256').update(oid).digest('base64url').slice(0, 40);

/** The event's id in the form asked for. */
export function eventId(mailbox: string, name: EventName, form: IdForm): string {
  const text = `${form}|${name.key}|${name.occurrence ?? ''}|`;
  const padded = text.padEnd(Math.ceil(text.length / 3) * 3, '|');
  return `${prefixes[form]}${mailbox}${Buffer.from(padded).toString('base64url')}${suffix}`;
}

/** What an id of either form names; undefined unless it is exactly as given out. */
export function readEventId(mailbox: string, id: string): EventName | undefined {
  const form = (['regular', 'immutable'] as const).find((each) => id.startsWith(prefixes[each] + mailbox));
  if (form === undefined || !id.endsWith(suffix)) return undefined;
  const [said, key = '', occurrence = ''] = Buffer.from(id.slice(46, -suffix.length), 'base64url').toString().split('|');
  if (said !== form) return undefined;
  const name = { key, ...(occurrence === '' ? {} : { occurrence }) };
  return eventId(mailbox, name, form) === id ? name : undefined;
}

/** The change key of a version: a longer number in base64, other for every change. */
export const changeKey = (change: number): string => Buffer.from(`ZlnW4RIAV06K${String(change).padStart(9, '0')}`).toString('base64');
export const etag = (change: number): string => `W/"${changeKey(change)}"`;
