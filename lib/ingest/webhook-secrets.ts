import type { CalendarProvider } from '../calendars/port.ts';
import { parseKeyRing, type KeyRing } from '../platform/key-ring.ts';
import { parseJson } from '../platform/messages.ts';
import { Setting } from '../platform/names.ts';
import type { SettingsSnapshot } from '../platform/settings.ts';

/** WEBHOOK_KEYS: {"keys":[…],"relay":{"google":"…","microsoft":"…"}}; `relay` and each of its members are optional. */
export interface WebhookSecrets {
  readonly ring: KeyRing;
  readonly relay: Partial<Record<CalendarProvider, string>>;
}

let parsed: { text: string; secrets: WebhookSecrets } | undefined;

/** Undefined where missing or damaged: unknown, so the sender is asked to try again. Parsed once for each text. */
export function webhookSecrets(snapshot: SettingsSnapshot): WebhookSecrets | undefined {
  const text = snapshot.secret(Setting.webhookKeys);
  if (text === undefined) return undefined;
  if (parsed?.text === text) return parsed.secrets;
  const document = parseJson(text);
  try {
    const ring = parseKeyRing(document);
    parsed = { text, secrets: { ring, relay: parseRelay((document as { relay?: unknown }).relay) } };
    return parsed.secrets;
  } catch {
    return undefined;
  }
}

/** Throws on anything but texts: a relay secret that was meant and cannot be read must not let everybody pass. */
function parseRelay(relay: unknown): WebhookSecrets['relay'] {
  if (relay === undefined || relay === null) return {};
  if (typeof relay !== 'object') throw new Error('relay needs {"google"?, "microsoft"?}.');
  const { google, microsoft } = relay as Record<string, unknown>;
  return { ...(google !== undefined && { google: relaySecret(google) }), ...(microsoft !== undefined && { microsoft: relaySecret(microsoft) }) };
}

function relaySecret(value: unknown): string {
  if (typeof value !== 'string' || value === '') throw new Error('A relay secret is a text, not empty.');
  return value;
}
