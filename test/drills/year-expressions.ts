// The part of DynamoDB's expressions that the stores speak, read once for each text and then run as functions.
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export type Item = Record<string, AttributeValue>;
export interface Scope {
  readonly item: Item;
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, AttributeValue>>;
}
type Operand = (scope: Scope) => AttributeValue | undefined;
type Condition = (scope: Scope) => boolean;

const tokenPattern = /\s*(<>|<=|>=|[=<>(),+]|[#:]?[A-Za-z_][\w]*)/y;

class Reader {
  readonly #tokens: string[] = [];
  #at = 0;
  constructor(text: string) {
    tokenPattern.lastIndex = 0;
    while (tokenPattern.lastIndex < text.trimEnd().length) {
      const found = tokenPattern.exec(text)?.[1];
      if (found === undefined) throw new Error(`The engine in memory does not read ${text}.`);
      this.#tokens.push(found);
    }
  }
  get next(): string | undefined {
    return this.#tokens[this.#at];
  }
  take(expected?: string): string {
    const token = this.#tokens[this.#at];
    if (token === undefined || (expected !== undefined && token !== expected)) throw new Error(`Expected ${expected ?? 'more'}, found ${String(token)}.`);
    this.#at += 1;
    return token;
  }
  passes(token: string): boolean {
    if (this.next !== token) return false;
    this.#at += 1;
    return true;
  }
}

const nameOf = (token: string) => ({ names }: Scope): string => (token.startsWith('#') ? (names[token] ?? token) : token);

function operand(reader: Reader): Operand {
  const first = simple(reader);
  if (!reader.passes('+')) return first;
  const second = simple(reader);
  return (scope) => ({ N: String(Number(first(scope)?.N) + Number(second(scope)?.N)) });
}

function simple(reader: Reader): Operand {
  const token = reader.take();
  if (token.startsWith(':')) return ({ values }) => values[token];
  if (token === 'if_not_exists') {
    reader.take('(');
    const name = nameOf(reader.take());
    reader.take(',');
    const otherwise = operand(reader);
    reader.take(')');
    return (scope) => scope.item[name(scope)] ?? otherwise(scope);
  }
  const name = nameOf(token);
  return (scope) => scope.item[name(scope)];
}

const order = (a: AttributeValue | undefined, b: AttributeValue | undefined): number | undefined => {
  if (a?.N !== undefined && b?.N !== undefined) return Number(a.N) - Number(b.N);
  if (a?.S !== undefined && b?.S !== undefined) return a.S < b.S ? -1 : a.S > b.S ? 1 : 0;
  return undefined;
};
const comparisons: Readonly<Record<string, (difference: number) => boolean>> = { '=': (d) => d === 0, '<': (d) => d < 0, '<=': (d) => d <= 0, '>': (d) => d > 0, '>=': (d) => d >= 0 };

function atom(reader: Reader): Condition {
  if (reader.passes('(')) {
    const inner = either(reader);
    reader.take(')');
    return inner;
  }
  const word = reader.next ?? '';
  if (word === 'attribute_exists' || word === 'attribute_not_exists' || word === 'begins_with') {
    reader.take();
    reader.take('(');
    const name = nameOf(reader.take());
    const prefix = reader.passes(',') ? operand(reader) : undefined;
    reader.take(')');
    if (prefix) return (scope) => scope.item[name(scope)]?.S?.startsWith(prefix(scope)?.S ?? '') === true;
    return (scope) => (scope.item[name(scope)] !== undefined) === (word === 'attribute_exists');
  }
  const left = operand(reader);
  const comparison = reader.take();
  const right = operand(reader);
  return (scope) => {
    const difference = order(left(scope), right(scope));
    return comparison === '<>' ? difference !== 0 : difference !== undefined && comparisons[comparison]?.(difference) === true;
  };
}

function both(reader: Reader): Condition {
  let condition = atom(reader);
  while (reader.passes('AND')) {
    const [before, after] = [condition, atom(reader)];
    condition = (scope) => before(scope) && after(scope);
  }
  return condition;
}

function either(reader: Reader): Condition {
  let condition = both(reader);
  while (reader.passes('OR')) {
    const [before, after] = [condition, both(reader)];
    condition = (scope) => before(scope) || after(scope);
  }
  return condition;
}

/** What an update sets; undefined: what it removes. All operands see the item as it was. */
type Update = (scope: Scope) => readonly (readonly [string, AttributeValue | undefined])[];

function readUpdate(text: string): Update {
  const reader = new Reader(text);
  const parts: ((scope: Scope) => readonly [string, AttributeValue | undefined])[] = [];
  while (reader.next !== undefined) {
    const verb = reader.take();
    do {
      const name = nameOf(reader.take());
      if (verb === 'SET') {
        reader.take('=');
        const value = operand(reader);
        parts.push((scope) => [name(scope), value(scope)]);
      } else parts.push((scope) => [name(scope), undefined]);
    } while (reader.passes(','));
  }
  return (scope) => parts.map((part) => part(scope));
}

const remembered = <T>(read: (text: string) => T): ((text: string) => T) => {
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text) ?? read(text);
    known.set(text, found);
    return found;
  };
};

export const conditionOf = remembered((text: string) => either(new Reader(text)));
export const updateOf = remembered(readUpdate);
