// Two unlike protocols, one result: what a request claims to be, before anything of it is believed.
import { hash } from 'node:crypto';
import type { AuthenticWatch } from '../platform/watch-token.ts';
import type { KeyRing } from '../platform/key-ring.ts';

/** Where a delivery leaves its trace in the inbox row: 40 slots, so that nothing is ever trimmed. */
export interface Dedupe {
  readonly slot: number;
  /** 11 characters: eight bytes of SHA-256 in base64url. */
  readonly key: string;
}

/** One notice as claimed by the sender. */
export interface Notice {
  /** Proves or refutes the claim; the only way to a connection id. */
  readonly verify: (ring: KeyRing) => AuthenticWatch | undefined;
  /** Undefined: cannot be told from a redelivery, so never a duplicate. */
  readonly dedupe?: Dedupe;
  /** The watch itself needs a look (lifecycle notices). */
  readonly watchDue: boolean;
  readonly watch: { readonly id: string; readonly resource_id?: string };
}

export type Refusal = 'too_large' | 'malformed' | 'unknown_settings' | 'not_durable' | 'webhooks_off' | 'not_allowlisted' | 'not_authentic';

export type Reading =
  | { readonly kind: 'handshake'; readonly echo: string }
  /** `signed` is what an operator's signing relay would have signed. */
  | { readonly kind: 'notices'; readonly notices: readonly Notice[]; readonly signed: Buffer }
  | { readonly kind: 'rejected'; readonly reason: 'too_large' | 'malformed' };

export const slots = 40;
/** Decoded bytes. Graph's largest batches are far smaller; Google's bodies are empty. */
export const largestBody = 256 * 1024;

export const rejected = (reason: 'too_large' | 'malformed'): Reading => ({ kind: 'rejected', reason });
export const digestOf = (...parts: string[]): Buffer => hash('sha256', JSON.stringify(parts), 'buffer');
export const keyOf = (digest: Buffer): string => digest.subarray(0, 8).toString('base64url');
