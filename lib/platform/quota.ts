// Google's budget of calls, shared by all workers: 10,000 a minute for the project and 600 for each user, over a sliding minute
// (https://developers.google.com/workspace/calendar/api/guides/quota). Windows are fixed and smaller, so that no sliding minute exceeds
// the quota; calls are taken from the project's window in chunks, one conditional write each. Bookings may use all of it, polls a part.
import { UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CalendarError, type CalendarProvider } from '../calendars/port.ts';
import { seconds, type Clock, type Random } from './clock.ts';
import { unlessRefused } from './dynamo.ts';

/** What calls are for: when the budget is short, polls go first, then notices' pulls, bookings last. */
export type Purpose = 'poll' | 'notice' | 'booking';

export const googleQuota = {
  projectPerMinute: 10_000,
  userPerMinute: 600,
  /** Any sliding minute touches at most five of them. */
  window: seconds(15),
  /** 5 × 2,000 is the project's quota. */
  perWindow: 2_000,
  /** How much of a window may be used before a purpose has to wait. */
  share: { poll: 0.6, notice: 0.85, booking: 1 } satisfies Record<Purpose, number>,
  /** Calls taken at once: a usual pull makes one or two, so that one chunk serves several of a warm function. */
  chunk: 10,
  /** Of one account, for its pulls and again for its bookings: a burst, refilled by so many a second. 2 × (180 + 60 × 2) is the user's quota. */
  user: { burst: 180, perSecond: 2 },
} as const;

/** What one lease's row has left of its account's burst, as of a moment; the row is written at release anyway, so counting costs nothing. */
export interface CallCount {
  readonly callsLeft?: number;
  readonly callsAt?: number;
}

export interface CallMeter {
  /** Before each call; throws CalendarError `throttled` where the budget is short. */
  permit(): Promise<void>;
  /** For the lease's row. */
  count(): { callsLeft: number | undefined; callsAt: number | undefined };
}

export interface Quota {
  meter(provider: CalendarProvider, purpose: Purpose, before: CallCount): CallMeter;
}

interface QuotaParts {
  readonly dynamo: DynamoDBClient;
  /** sync-state: one item for each window, `!quota` / its start. */
  readonly table: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Told each time that somebody has to wait. */
  readonly waited: (purpose: Purpose, whose: 'project' | 'user') => void;
}

/** One for each warm function: what is left of a chunk serves the next pull. */
export function quota(parts: QuotaParts): Quota {
  const { clock, random, waited } = parts;
  let chunk = { window: 0, left: 0 };
  /** Windows that are used up, for whom. */
  let short: { window: number; share: number } = { window: 0, share: Infinity };
  const refuse = (purpose: Purpose, whose: 'project' | 'user', until: number): never => {
    waited(purpose, whose);
    throw new CalendarError('throttled', { reason: 'our_own_budget', retryAfterMs: Math.max(0, until - clock()) + Math.round(googleQuota.window * random()) });
  };
  const takeOne = async (purpose: Purpose): Promise<void> => {
    const window = Math.floor(clock() / googleQuota.window);
    if (chunk.window !== window) chunk = { window, left: 0 };
    const share = googleQuota.share[purpose];
    const isShort = short.window === window && share <= short.share;
    if (chunk.left <= 0 && !isShort && (await takeChunk(parts, window, share))) chunk = { window, left: chunk.left + googleQuota.chunk };
    if (chunk.left <= 0) {
      short = { window, share: short.window === window ? Math.max(share, short.share) : share };
      refuse(purpose, 'project', (window + 1) * googleQuota.window);
    }
    chunk.left -= 1;
  };
  return {
    meter(provider, purpose, before) {
      const { burst, perSecond } = googleQuota.user;
      let at = before.callsAt ?? clock();
      let left = before.callsLeft ?? burst;
      let counted = false;
      return {
        async permit() {
          if (provider !== 'google') return;
          const now = Math.max(at, clock());
          left = Math.min(burst, left + ((now - at) / 1000) * perSecond);
          at = now;
          if (left < 1) refuse(purpose, 'user', now + Math.ceil(((1 - left) / perSecond) * 1000));
          await takeOne(purpose);
          left -= 1;
          counted = true;
        },
        count: () => (counted || before.callsAt !== undefined ? { callsLeft: Math.floor(left), callsAt: at } : { callsLeft: undefined, callsAt: undefined }),
      };
    },
  };
}

/** False: the purpose's share of this window is used up. */
const takeChunk = ({ dynamo, table }: QuotaParts, window: number, share: number): Promise<boolean> =>
  unlessRefused(
    dynamo.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { connection_id: { S: '!quota' }, part: { S: `google#${window}` } },
        UpdateExpression: 'SET used = if_not_exists(used, :none) + :chunk, expires = :expires',
        ConditionExpression: 'attribute_not_exists(used) OR used <= :most',
        ExpressionAttributeValues: {
          ':none': { N: '0' },
          ':chunk': { N: String(googleQuota.chunk) },
          ':most': { N: String(Math.floor(googleQuota.perWindow * share) - googleQuota.chunk) },
          ':expires': { N: String(Math.ceil(((window + 1) * googleQuota.window) / 1000) + 3600) },
        },
      }),
    ),
  );
