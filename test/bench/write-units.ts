// What a write costs by DynamoDB's documented rules, as the embedded engine counts no units of indexes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export type Item = Readonly<Record<string, AttributeValue>>;

/** Bytes of an item: names and values. */
export const itemSize = (item: Item): number => Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueSize(value), 0);

function valueSize(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return numberSize(value.N);
  if (value.B !== undefined) return value.B.length;
  if (value.BOOL !== undefined || value.NULL !== undefined) return 1;
  if (value.SS !== undefined) return value.SS.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (value.NS !== undefined) return value.NS.reduce((sum, number) => sum + numberSize(number), 0);
  if (value.L !== undefined) return 3 + value.L.reduce((sum, member) => sum + 1 + valueSize(member), 0);
  if (value.M !== undefined) return 3 + Object.entries(value.M).reduce((sum, [name, member]) => sum + 1 + Buffer.byteLength(name) + valueSize(member), 0);
  throw new Error(`No rule for ${Object.keys(value).join(', ')}.`);
}

/** One byte for two significant digits, one for the rest, and one for a minus. */
function numberSize(text: string): number {
  const digits = text.replace(/e.*$/i, '').replace(/[-+.]/g, '').replace(/^0+|0+$/g, '');
  return Math.ceil(digits.length / 2) + 1 + (text.startsWith('-') ? 1 : 0);
}

const unitBytes = 1024;

/** Units of a write to a table: by the larger of what was and what is, one at least. */
export const writeUnits = (before: Item, after: Item): number => Math.max(1, Math.ceil(Math.max(itemSize(before), itemSize(after)) / unitBytes));

/**
 * Units of the same write in a sparse index: none where what it holds stays the same, one write where an entry comes, goes or changes
 * beside its keys, two where its keys change.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
 */
export function indexUnits(before: Item, after: Item, { keys, projected }: { keys: readonly string[]; projected: readonly string[] }): number {
  const entry = (item: Item): Item | undefined => (keys.every((key) => item[key] !== undefined) ? pick(item, [...keys, ...projected]) : undefined);
  const [old, fresh] = [entry(before), entry(after)];
  if (JSON.stringify(old) === JSON.stringify(fresh)) return 0;
  const cost = (item: Item | undefined): number => (item === undefined ? 0 : Math.max(1, Math.ceil(itemSize(item) / unitBytes)));
  const moved = old !== undefined && fresh !== undefined && keys.some((key) => JSON.stringify(old[key]) !== JSON.stringify(fresh[key]));
  return moved ? cost(old) + cost(fresh) : Math.max(cost(old), cost(fresh));
}

const pick = (item: Item, names: readonly string[]): Item => Object.fromEntries(names.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]] as const])));
