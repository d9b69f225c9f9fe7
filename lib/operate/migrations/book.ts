// The connections of an export, held in memory: events name their provider and calendar provider, and, where there are several, the connection.
import { join } from 'node:path';
import { exportFiles, linesOf } from './export-file.ts';
import { readConnectionLine, type EventLine } from './export-lines.ts';

export interface KnownConnection {
  readonly id: string;
  readonly providerId: string;
  readonly calendarProvider: 'google' | 'microsoft';
  readonly calendarId: string;
  readonly accountId: string;
  readonly disconnected: boolean;
}

export interface Book {
  /** Whose calendar the event is in. */
  connectionOf(event: EventLine): KnownConnection | { readonly bad: string };
}

const ownerKey = (providerId: string, calendarProvider: string): string => `${calendarProvider} ${providerId}`;

/** Lines that are bad are left out: they are reported where connections are loaded. */
export async function readBook(folder: string): Promise<Book> {
  const byOwner = new Map<string, KnownConnection[]>();
  for await (const { text } of linesOf(join(folder, exportFiles.connections))) {
    const row = readConnectionLine(text);
    if ('bad' in row) continue;
    const one = { id: row.id, providerId: row.provider_id, calendarProvider: row.calendar_provider, calendarId: row.calendar_id, accountId: row.external_account_id, disconnected: row.status === 'disconnected' };
    const key = ownerKey(one.providerId, one.calendarProvider);
    const others = byOwner.get(key) ?? [];
    // Of two of one account only the first is loaded.
    if (!others.some(({ id, accountId, disconnected }) => id === one.id || (accountId === one.accountId && !disconnected && !one.disconnected))) byOwner.set(key, [...others, one]);
  }
  return {
    connectionOf({ provider_id, calendar_provider, connection_id }) {
      const all = byOwner.get(ownerKey(provider_id, calendar_provider)) ?? [];
      const named = typeof connection_id === 'string' ? all.filter(({ id }) => id === connection_id) : all;
      const live = named.filter(({ disconnected }) => !disconnected);
      if (live.length > 1) return { bad: 'connection_id is missing, and its provider has several connections' };
      return live[0] ?? named[0] ?? { bad: 'it belongs to no connection of the export' };
    },
  };
}
