// Metric math, as far as the template's alarms use it; anything else is an error when it is read, not when it should have rung.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html

/** The figure of a metric or expression at one datapoint; undefined where it has none. */
export type Figures = (id: string) => number | undefined;
export type Formula = (figures: Figures) => number | undefined;

/** `names`: every id that it refers to. */
export interface Expression {
  readonly names: readonly string[];
  readonly at: Formula;
}

type Binary = (a: number, b: number) => number;
const truth = (holds: boolean): number => (holds ? 1 : 0);
/** By how tightly they bind, loosest first. */
const operators: readonly Readonly<Record<string, Binary>>[] = [
  { OR: (a, b) => truth(a !== 0 || b !== 0), '||': (a, b) => truth(a !== 0 || b !== 0) },
  { AND: (a, b) => truth(a !== 0 && b !== 0), '&&': (a, b) => truth(a !== 0 && b !== 0) },
  { '==': (a, b) => truth(a === b), '!=': (a, b) => truth(a !== b), '<': (a, b) => truth(a < b), '<=': (a, b) => truth(a <= b), '>': (a, b) => truth(a > b), '>=': (a, b) => truth(a >= b) },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  { '*': (a, b) => a * b, '/': (a, b) => a / b },
];

const functions: Readonly<Record<string, (parts: readonly Formula[]) => Formula>> = {
  IF: ([condition, yes, no]) => (figures) => {
    const met = condition?.(figures);
    return met === undefined ? undefined : (met === 0 ? no : yes)?.(figures);
  },
};

/** Throws where it does not understand the text. */
export function parseExpression(text: string): Expression {
  const tokens = text.match(/[A-Za-z_][A-Za-z0-9_]*|\d+(?:\.\d+)?|<=|>=|==|!=|&&|\|\||[-+*/()<>,[\]]|\S/g) ?? [];
  const reader = new Reader(text, tokens);
  const at = reader.level(0);
  reader.end();
  return { names: reader.names, at };
}

class Reader {
  readonly names: string[] = [];
  private at = 0;
  private readonly text: string;
  private readonly tokens: readonly string[];

  constructor(text: string, tokens: readonly string[]) {
    this.text = text;
    this.tokens = tokens;
  }

  /** One expression of operators that bind at least as tightly. */
  level(depth: number): Formula {
    const known = operators[depth];
    if (known === undefined) return this.atom();
    let left = this.level(depth + 1);
    for (let of = known[this.next()]; of !== undefined; of = known[this.next()]) {
      this.at += 1;
      left = both(of, left, this.level(depth + 1));
    }
    return left;
  }

  end(): void {
    if (this.at < this.tokens.length) this.fail();
  }

  private atom(): Formula {
    const token = this.take();
    if (token === '(') {
      const inner = this.level(0);
      this.expect(')');
      return inner;
    }
    if (/^\d/.test(token)) return () => Number(token);
    if (!/^[A-Za-z_]/.test(token)) this.fail();
    if (this.next() === '(') return this.call(token);
    this.names.push(token);
    return (figures) => figures(token);
  }

  private call(name: string): Formula {
    const make = functions[name];
    if (make === undefined) throw new Error(`The function ${name} of metric math is not known here; ${Object.keys(functions).join(', ')} are. (${this.text})`);
    this.expect('(');
    const parts = [this.level(0)];
    while (this.next() === ',') {
      this.at += 1;
      parts.push(this.level(0));
    }
    this.expect(')');
    if (parts.length !== 3) throw new Error(`${name} takes three arguments. (${this.text})`);
    return make(parts);
  }

  private next(): string {
    return this.tokens[this.at] ?? '';
  }

  private take(): string {
    this.at += 1;
    return this.tokens[this.at - 1] ?? '';
  }

  private expect(token: string): void {
    if (this.take() !== token) this.fail();
  }

  private fail(): never {
    throw new Error(`Metric math that is not understood here, at ${JSON.stringify(this.tokens[this.at] ?? 'its end')}: ${this.text}`);
  }
}

/** A datapoint that one side lacks, the result lacks too; so it does where it is no number. */
const both = (of: Binary, a: Formula, b: Formula): Formula => (figures) => {
  const [left, right] = [a(figures), b(figures)];
  if (left === undefined || right === undefined) return undefined;
  const result = of(left, right);
  return Number.isFinite(result) ? result : undefined;
};
