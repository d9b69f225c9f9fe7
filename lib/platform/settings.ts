// Flags, allowlists and secrets, as SSM parameters hold them. Three-valued throughout: unknown is not off.
import { GetParametersCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { parseAllowlist, type Allowlist } from './allowlist.ts';
import { seconds, type Clock, type Random } from './clock.ts';
import { allowlistNames, Setting, type flagNames, type SettingName } from './names.ts';

export type Gate = 'open' | 'closed' | 'unknown';
type FlagName = (typeof flagNames)[number];
type AllowlistName = (typeof allowlistNames)[number];

/** What one read of the parameters said; pure. */
export interface SettingsSnapshot {
  flag(name: FlagName): Gate;
  allows(list: AllowlistName, id: string): Gate;
  /** The list as the operator wrote it; undefined where it is missing or unknown. */
  text(list: AllowlistName): string | undefined;
  /** The secret's text; undefined where it is missing or could not be read: unknown, never a refusal. */
  secret(name: SettingName): string | undefined;
}

export interface Settings {
  read(): Promise<SettingsSnapshot>;
}

const freshFor = seconds(30);
const keptFor = seconds(300);

export const unknownSettings: SettingsSnapshot = { flag: () => 'unknown', allows: () => 'unknown', text: () => undefined, secret: () => undefined };

export function settingsFrom(values: ReadonlyMap<SettingName, string>): SettingsSnapshot {
  const lists = new Map<AllowlistName, Allowlist>(
    allowlistNames.map((name) => [name, parseAllowlist(values.get(name), { percent: name === Setting.providerAllowlist })]),
  );
  const gate = (open: boolean): Gate => (open ? 'open' : 'closed');
  return {
    flag: (name) => gate(values.get(name)?.trim().toLowerCase() === 'true'),
    allows: (list, id) => gate(lists.get(list)?.allows(id) ?? false),
    text: (list) => values.get(list),
    secret: (name) => values.get(name),
  };
}

/** Every gate must be open; one closed closes; else one unknown leaves it unknown. */
export function every(...gates: Gate[]): Gate {
  if (gates.includes('closed')) return 'closed';
  return gates.includes('unknown') ? 'unknown' : 'open';
}

/** SYNC, then the provider's place on the list: what stands before every read and write of an external calendar. */
export const syncGate = (snapshot: SettingsSnapshot, providerId: string): Gate =>
  every(snapshot.flag(Setting.syncEnabled), snapshot.allows(Setting.providerAllowlist, providerId));

interface SettingsSource {
  readonly ssm: SSMClient;
  readonly path: string;
  readonly names: readonly SettingName[];
  readonly clock: Clock;
  readonly random?: Random;
  /** Told of a read that failed; the last good one may still serve. */
  readonly onFailure?: (error: unknown) => void;
}

/**
 * One GetParameters call for all names (≤ 10), cached up to 30 s with jitter, so that a fleet does not ask in step: SSM allows
 * 40 calls a second per account. When SSM fails the last good snapshot serves up to 5 minutes; after that everything is unknown.
 */
export function settings({ ssm, path, names, clock, random = Math.random, onFailure = () => undefined }: SettingsSource): Settings {
  let last: { snapshot: SettingsSnapshot; at: number } | undefined;
  let askAgainAt = 0;
  let asking: Promise<void> | undefined;

  const ask = async (): Promise<void> => {
    const startedAt = clock();
    try {
      const answer = await ssm.send(new GetParametersCommand({ Names: names.map((name) => path + name), WithDecryption: true }));
      const values = new Map<SettingName, string>();
      for (const { Name, Value } of answer.Parameters ?? []) {
        const name = names.find((known) => path + known === Name);
        if (name && Value !== undefined) values.set(name, Value);
      }
      last = { snapshot: settingsFrom(values), at: startedAt };
      askAgainAt = startedAt + freshFor * (0.7 + 0.25 * random());
    } catch (error) {
      askAgainAt = clock() + seconds(1 + 4 * random());
      onFailure(error);
    }
  };

  return {
    async read() {
      if (names.length === 0) return settingsFrom(new Map());
      if (clock() >= askAgainAt) {
        asking ??= ask().finally(() => (asking = undefined));
        await asking;
      }
      return last && clock() - last.at <= keptFor ? last.snapshot : unknownSettings;
    },
  };
}
