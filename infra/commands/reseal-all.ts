// Walks the connections table, paced, and seals what lies under an older key anew. Safe beside workers: each write is on the condition that
// the record is still the one that was opened, so that a token renewed meanwhile is never overwritten.
import { ScanCommand, UpdateItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { unlessRefused } from '../../lib/platform/dynamo.ts';
import { signingKey, type KeyRing } from '../../lib/platform/key-ring.ts';
import { seal, sealKeyId, unseal, UnknownSealKey } from '../../lib/platform/seal.ts';

export interface ResealCounts {
  /** Connections that hold tokens. */
  readonly seen: number;
  /** Sealed anew, or, in a dry run, to be. */
  readonly resealed: number;
  readonly current: number;
  /** Under a key that the ring lacks: nothing can be done without it. */
  readonly unknown: number;
  /** Changed by somebody else at that moment. */
  readonly left: number;
}

export interface ResealParts {
  readonly dynamo: DynamoDBClient;
  readonly table: string;
  readonly ring: KeyRing;
  readonly dryRun: boolean;
  /** Items read a second. */
  readonly perSecond: number;
  readonly clock: () => number;
  readonly wait: (ms: number) => Promise<void>;
  readonly progress: (counts: ResealCounts) => void;
}

const pageSize = 25;

export async function resealAll(parts: ResealParts): Promise<ResealCounts> {
  const counts = { seen: 0, resealed: 0, current: 0, unknown: 0, left: 0 };
  let from: Record<string, AttributeValue> | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await parts.dynamo.send(
      new ScanCommand({ TableName: parts.table, Limit: pageSize, ConsistentRead: true, ProjectionExpression: 'connection_id, tokens', ...(from && { ExclusiveStartKey: from }) }),
    );
    for (const { connection_id: id, tokens } of Items) {
      if (id?.S === undefined || tokens?.S === undefined) continue;
      counts.seen += 1;
      counts[await reseal(parts, id.S, tokens.S)] += 1;
    }
    from = LastEvaluatedKey;
    parts.progress(counts);
    if (from) await parts.wait((pageSize / parts.perSecond) * 1000);
  } while (from);
  return counts;
}

async function reseal({ dynamo, table, ring, dryRun, clock }: ResealParts, connectionId: string, sealed: string): Promise<keyof Omit<ResealCounts, 'seen'>> {
  const now = clock();
  if (sealKeyId(sealed) === signingKey(ring, now).id) return 'current';
  let after: string;
  try {
    after = seal(ring, unseal(ring, sealed, connectionId), { connectionId, now });
  } catch (error) {
    if (error instanceof UnknownSealKey) return 'unknown';
    throw new Error(`The tokens of ${connectionId} cannot be opened: the record is damaged.`, { cause: error });
  }
  if (dryRun) return 'resealed';
  const done = await unlessRefused(
    dynamo.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { connection_id: { S: connectionId } },
        UpdateExpression: 'SET tokens = :after',
        ConditionExpression: 'tokens = :before',
        ExpressionAttributeValues: { ':after': { S: after }, ':before': { S: sealed } },
      }),
    ),
  );
  return done ? 'resealed' : 'left';
}
