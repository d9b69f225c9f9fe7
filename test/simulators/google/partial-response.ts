// `fields`: https://developers.google.com/workspace/calendar/api/guides/performance#partial-response
import { object } from './event-record.ts';
import type { Shape } from './field-names.ts';
import { GoogleFault } from './google-fault.ts';

/** What to keep of a resource: all of it, or these members. */
type Selector = 'all' | ReadonlyMap<string, Selector>;

const bad = (selection: string): GoogleFault => new GoogleFault(400, 'invalidParameter', { message: `Invalid field selection ${selection}`, location: 'fields' });

/** Reads `a,b/c,d(e,f/g),*`; throws GoogleFault 400 for bad syntax or a name that the resource cannot have. */
export function readSelector(text: string, shape: Shape): Selector {
  const tokens = text.match(/[A-Za-z0-9_.\-*]+|[(),/]|[^]/g) ?? [];
  let at = 0;

  const list = (within: Shape | 'open'): Selector => {
    let read: Selector = new Map();
    do read = join(read, one(within));
    while (tokens[at] === ',' && (at += 1) > 0);
    return read;
  };
  const one = (within: Shape | 'open'): Selector => {
    const name = tokens[at] ?? '';
    at += 1;
    if (!/^[\w.\-*]+$/.test(name)) throw bad(text);
    if (name !== '*' && within !== 'open' && !Object.hasOwn(within, name)) throw bad(name);
    const below = within === 'open' || name === '*' ? 'open' : (within[name] ?? 'leaf');
    const inner = nested(below, name);
    return name === '*' && inner === 'all' ? 'all' : new Map([[name, inner]]);
  };
  const nested = (below: Shape | 'leaf' | 'open', name: string): Selector => {
    if (tokens[at] !== '/' && tokens[at] !== '(') return 'all';
    if (below === 'leaf') throw bad(name);
    at += 1;
    if (tokens[at - 1] === '/') return one(below);
    const inner = list(below);
    if (tokens[at] !== ')') throw bad(text);
    at += 1;
    return inner;
  };

  const selector = list(shape);
  if (at !== tokens.length) throw bad(text);
  return selector;
}

function join(a: Selector, b: Selector): Selector {
  if (a === 'all' || b === 'all') return 'all';
  const joined = new Map(a);
  for (const [name, inner] of b) {
    const known = joined.get(name);
    joined.set(name, known === undefined ? inner : join(known, inner));
  }
  return joined;
}

/** Keeps what is selected; a list is kept member by member. */
export function select(value: unknown, selector: Selector): unknown {
  if (selector === 'all') return value;
  if (Array.isArray(value)) return value.map((item) => select(item, selector));
  if (value === null || typeof value !== 'object') return value;
  const kept: Record<string, unknown> = {};
  for (const [name, inner] of selector) {
    for (const key of name === '*' ? Object.keys(value) : [name]) {
      const member = object(value)[key];
      if (member !== undefined) kept[key] = select(member, inner);
    }
  }
  return kept;
}
