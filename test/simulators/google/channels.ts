// Push notifications: https://developers.google.com/workspace/calendar/api/guides/push
import { days } from '../../../lib/platform/clock.ts';
import type { Notices } from '../notices.ts';
import type { Json } from './event-record.ts';
import { object } from './event-record.ts';
import { GoogleFault, invalid, required } from './google-fault.ts';
import type { CalendarView, SimCalendar, World } from './world.ts';

export interface Caller {
  readonly email: string;
  readonly clientId: string;
}

export interface Channel {
  readonly id: string;
  readonly resourceId: string;
  readonly calendarId: string;
  readonly resourceUri: string;
  readonly address: string;
  readonly token?: string;
  readonly expiration: number;
  readonly caller: Caller;
  /** Number of the last message. */
  number: number;
  /** It lives, and says nothing any more. */
  silent: boolean;
}

export interface Channels {
  watch(caller: Caller, view: CalendarView, body: Json): Channel;
  /** 404 unless the same user and client stop a channel that lives, by both its ids. */
  stop(caller: Caller, body: Json): void;
  /** Tells every live channel of the calendar that something changed, and nothing more. */
  changed(calendar: SimCalendar): void;
  /** The channels that still deliver. */
  live(): readonly Channel[];
}

export interface ChannelOptions {
  readonly notices: Notices;
  /** How many notices one change may send; each change draws from 1 to this. */
  readonly burst: () => number;
  readonly rootUrl: () => string;
}

/** Default and, here, maximum life: https://developers.google.com/workspace/calendar/api/v3/reference/events/watch */
const maxLife = days(7);
const userAgent = 'APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)';
const loopback = ['127.0.0.1', 'localhost', '[::1]'];

export function createChannels(world: World, { notices, burst, rootUrl }: ChannelOptions): Channels {
  const channels = new Map<string, Channel>();
  /** An id is never free again, in the whole project. */
  const taken = new Set<string>();
  const send = (channel: Channel, state: 'sync' | 'exists'): void => {
    // Numbers grow, but not by one.
    channel.number += state === 'sync' ? 1 : 1 + Math.floor(world.random() * world.random() * 20);
    notices.send({ url: channel.address, headers: noticeHeaders(channel, state) });
  };

  return {
    watch: (caller, { calendar }, body) => {
      const asked = readChannel(body, world.clock());
      if (taken.has(asked.id)) throw new GoogleFault(400, 'channelIdNotUnique', { message: `Channel id ${asked.id} not unique` });
      if (calendar.unwatchable) throw new GoogleFault(400, 'pushNotSupportedForRequestedResource', { message: 'Push notifications are not supported by this resource.' });
      taken.add(asked.id);
      const { id: calendarId, resourceId } = calendar;
      const resourceUri = `${rootUrl()}/calendar/v3/calendars/${encodeURIComponent(calendarId)}/events?alt=json`;
      const channel = { ...asked, resourceId, calendarId, resourceUri, caller, number: 0, silent: false };
      channels.set(channel.id, channel);
      send(channel, 'sync');
      return channel;
    },
    stop: (caller, body) => {
      const { id, resourceId } = body;
      if (typeof id !== 'string' || typeof resourceId !== 'string') throw required('Required');
      const channel = channels.get(id);
      const stops = channel?.resourceId === resourceId && isSame(channel.caller, caller) && channel.expiration > world.clock();
      if (!stops) throw new GoogleFault(404, 'notFound', { message: `Channel '${id}' not found for project 'simulator'` });
      channels.delete(id);
    },
    changed: ({ resourceId }) => {
      for (const channel of channels.values()) {
        if (channel.resourceId !== resourceId || channel.expiration <= world.clock() || channel.silent) continue;
        for (let left = 1 + Math.floor(world.random() * burst()); left > 0; left -= 1) send(channel, 'exists');
      }
    },
    live: () => [...channels.values()].filter((channel) => channel.expiration > world.clock()),
  };
}

const isSame = (a: Caller, b: Caller): boolean => a.email === b.email && a.clientId === b.clientId;

const noticeHeaders = (channel: Channel, state: string): Record<string, string> => ({
  'Content-Type': 'application/json; utf-8',
  'User-Agent': userAgent,
  'X-Goog-Channel-ID': channel.id,
  'X-Goog-Channel-Expiration': new Date(channel.expiration).toUTCString(),
  'X-Goog-Message-Number': String(channel.number),
  'X-Goog-Resource-ID': channel.resourceId,
  'X-Goog-Resource-State': state,
  'X-Goog-Resource-URI': channel.resourceUri,
  ...(channel.token === undefined ? {} : { 'X-Goog-Channel-Token': channel.token }),
});

function readChannel(body: Json, now: number): Pick<Channel, 'id' | 'address' | 'token' | 'expiration'> {
  const { id, type, address, token } = body;
  if (typeof id !== 'string' || id === '') throw required('Required: id');
  if (!/^[A-Za-z0-9\-_+/=]{1,64}$/.test(id)) throw new GoogleFault(400, 'channelIdInvalid', { message: 'Invalid channel id' });
  if (type !== 'web_hook' && type !== 'webhook') throw new GoogleFault(400, 'unknownChannelType', { message: `Unknown channel type: ${String(type)}` });
  if (typeof address !== 'string' || !URL.canParse(address)) throw required('Required: address');
  const { protocol, hostname } = new URL(address);
  // Google knows no exception; a machine without certificates needs one for itself.
  if (protocol !== 'https:' && !loopback.includes(hostname)) throw new GoogleFault(400, 'push.webhookUrlNotHttps', { message: `WebHook callback must be HTTPS: ${address}` });
  if (token !== undefined && (typeof token !== 'string' || token.length > 256)) throw invalid('Channel token is too long.', 'token');
  return { id, address, expiration: readExpiration(body, now), ...(token === undefined ? {} : { token }) };
}

/** The most restrictive of what was asked, in milliseconds or as params.ttl in seconds, and what Google allows. */
function readExpiration(body: Json, now: number): number {
  const until = body['expiration'] === undefined ? Infinity : wholeNumber(body['expiration'], 'expiration');
  const ttl = object(body['params'])['ttl'];
  const life = ttl === undefined ? Infinity : wholeNumber(ttl, 'params.ttl') * 1000;
  const expiration = Math.min(until, now + life, now + maxLife);
  if (expiration <= now) throw invalid('The channel would have expired already.', 'expiration');
  // Whole seconds, so that what comes back is not what was asked.
  return Math.floor(expiration / 1000) * 1000;
}

function wholeNumber(value: unknown, name: string): number {
  if (!/^\d{1,15}$/.test(String(value))) throw invalid(`Invalid value for: ${name}`, name);
  return Number(value);
}
