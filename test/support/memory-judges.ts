// Dynalite's own judgement of a command, which also reads its expressions. Reading is most of the work, so it is done once for each text and
// kinds of values; the next command of the same shape gets the same reading with its own values in it.
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
type Data = Record<string, unknown>;
type Values = Record<string, AttributeValue>;
interface Judging {
  custom(data: Data, store: object): string | undefined;
}
const { validateAttributeValue } = require('dynalite/validations') as { validateAttributeValue: (value: AttributeValue) => string | undefined };
const judges = new Map(['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query'].map((name) => [name, require(`dynalite/validations/${name[0]?.toLowerCase()}${name.slice(1)}`) as Judging]));
export const limits = { options: { maxItemSize: 409_600 } };

const texts = ['UpdateExpression', 'ConditionExpression', 'KeyConditionExpression', 'FilterExpression', 'ProjectionExpression'] as const;
/** Where the reading of each is left; that of a key condition twice. */
const readings = ['_updates', '_condition', '_keyCondition', '_filter', '_projection', 'KeyConditions'] as const;
/** What these judge depends on the value, and not only on its kind. */
const byValue = /between|attribute_type/i;

/** Under jest each mention of a global goes through the wall of its context: ten times as slow, in here. */
const { isArray } = Array;
const { entries } = Object;

class Place {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}
const known = new Map<string, Data>();

/** As dynalite's validation: leaves its reading in `data`, or says what it refuses. */
export function judge(name: string, data: Data): string | undefined {
  const custom = (judged: Data): string | undefined => judges.get(name)?.custom(judged, limits);
  const shape = shapeOf(name, data);
  if (shape === undefined) return custom(data);
  const values = (data['ExpressionAttributeValues'] ?? {}) as Values;
  const reading = known.get(shape);
  if (!reading) {
    const refusal = custom(data);
    const placeOf = new Map<unknown, Place>(Object.entries(values).map(([place, value]) => [value, new Place(place)]));
    if (refusal === undefined) known.set(shape, replaced(picked(data), (node) => placeOf.get(node)) as Data);
    return refusal;
  }
  for (const [place, value] of entries(values)) {
    const refusal = validateAttributeValue(value);
    if (refusal) return `ExpressionAttributeValues contains invalid value: ${refusal} for key ${place}`;
  }
  Object.assign(data, replaced(reading, (node) => (node instanceof Place ? values[node.name] : undefined)));
  const bare = { ...data, ExpressionAttributeNames: undefined, ExpressionAttributeValues: undefined };
  for (const text of texts) delete (bare as Data)[text];
  delete (bare as Data)['_keyCondition'];
  return custom(bare);
}

function shapeOf(name: string, data: Data): string | undefined {
  let shape = name;
  for (const text of texts) {
    const expression = data[text] as string | undefined;
    if (expression === undefined) continue;
    if (byValue.test(expression)) return undefined;
    shape += `\n${text} ${expression}`;
  }
  if (shape === name) return undefined;
  const { ExpressionAttributeValues: values = {}, ExpressionAttributeNames: names = {} } = data as { ExpressionAttributeValues?: Values; ExpressionAttributeNames?: Record<string, string> };
  for (const place in values) for (const kind in values[place]) shape += `\n${place} ${kind}`;
  for (const name in names) shape += `\n${name} ${names[name]}`;
  return shape;
}

const picked = (data: Data): Data => Object.fromEntries(readings.flatMap((name) => (data[name] === undefined ? [] : [[name, data[name]]])));

/** A copy, in which each node for which there is another is that one. */
function replaced(node: unknown, other: (node: unknown) => unknown): unknown {
  if (typeof node !== 'object' || node === null) return node;
  const instead = other(node);
  if (instead !== undefined) return instead;
  if (isArray(node)) return node.map((one) => replaced(one, other));
  const copy: Data = {};
  for (const name in node) copy[name] = replaced((node as Data)[name], other);
  return copy;
}
