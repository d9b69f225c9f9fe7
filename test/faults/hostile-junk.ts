// What nobody of ours would send, as text: of any type, size, depth and encoding. JSON is written here by hand, since no object of this
// language holds one name twice, or a prototype's.
import fc from 'fast-check';
import { gzipSync } from 'node:zlib';

/** Stands in content that must never reach a log. */
export const marker = 'xRAWx';

const dates = ['2026-02-30T00:00:00Z', '0000-00-00T00:00:00Z', '9999-12-31T23:59:59-23:59', '0000-01-01T00:00:00+14:00', '2026-01-01T00:00:00', '+275760-09-13T00:00:00Z', 'Invalid Date', '2026-13-01T00:00:00Z', '2026-01-01T25:00:00Z', '2026-06-30T23:59:60Z', '2026-01-01T00:00:00+99:99', '2026-01-01T00:00:00.000000000000Z', '20260101', 'NaN', '-1'];
const odd = ['', ' ', '\0', '\r\n', '\ud800', '\udfff\ud800', '\ufffe', '\uffff', '\u{1ffff}', '\u202e', '../..', '%00', '%', '%zz', '%ff', '<script>', '{{7*7}}', "' OR 1=1", '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'true', 'null', 'undefined', 'NaN', 'Infinity', '1e999', '9'.repeat(400), '#', '!upkeep', 'start#x', 'account#x', '*', '10%', ...dates];

/** Any text at all, now and then a long one, with a marker to know it by. */
export const junkText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...odd) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text + marker) },
  { weight: 1, arbitrary: fc.integer({ min: 100, max: 6000 }).map((size) => marker + 'é'.repeat(size)) },
);

const numbers = fc.oneof(fc.integer().map(String), fc.double({ noNaN: true }).filter(Number.isFinite).map(String), fc.constantFrom('1e999', '-1e999', '-0', '0.1e-400', '9007199254740993', '9'.repeat(400), '1E+2'));
const names = fc.oneof(fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'value', 'hint', 'booking', 'slots', 'calendars', 'id', 'type', 'length', ''), junkText);
const pair = (member: fc.Arbitrary<string>) => fc.tuple(names, member).map(([name, text]) => `${JSON.stringify(name)}:${text}`);

/** Well-formed JSON of any shape; names may come twice. */
export const junkJson: fc.Arbitrary<string> = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('null', 'true', 'false', '{}', '[]', '""'),
    numbers,
    junkText.map((text) => JSON.stringify(text)),
    fc.array(tie('any'), { maxLength: 4 }).map((members) => `[${members.join(',')}]`),
    fc.array(pair(tie('any')), { maxLength: 4 }).map((members) => `{${members.join(',')}}`),
  ),
})).any;

/** What is no JSON, or is so deep that few readers get to its end. */
export const brokenJson: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(junkJson, fc.nat(20)).map(([text, cut]) => text.slice(0, -1 - cut)),
  fc.tuple(junkJson, junkJson).map(([one, other]) => `${one}${other}x`),
  junkText.filter((text) => !/^\s*(null|true|false|-?\d.*|")/.test(text)),
  fc.tuple(fc.constantFrom('[', '{"a":', '{"value":[', '{"booking":'), fc.integer({ min: 1, max: 3000 })).map(([open, deep]) => open.repeat(deep)),
);
export const deepJson: fc.Arbitrary<string> = fc.tuple(fc.constantFrom(['[', ']'] as const, ['{"a":', '}'] as const, ['{"value":[', ']}'] as const), fc.integer({ min: 10, max: 3000 })).map(([[open, close], deep]) => `${open.repeat(deep)}${open === '{"a":' ? '1' : ''}${close.repeat(deep)}`);

type Path = readonly string[];
const isBranch = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const pathsOf = (value: unknown, before: Path = []): Path[] => (isBranch(value) ? Object.entries(value).flatMap(([name, member]) => [[...before, name], ...pathsOf(member, [...before, name])]) : []);
const hole = '@@HOLE@@';
const put = (value: unknown, [name = '', ...rest]: Path, text: string): unknown => {
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<string, unknown>;
  copy[name] = rest.length === 0 ? text : put(copy[name], rest, text);
  return copy;
};

/** Half valid: one member of something valid is left out, said twice, or of another kind; or a strange one joins it. */
export function altered(valid: object): fc.Arbitrary<string> {
  const whole = JSON.stringify(valid);
  const paths = pathsOf(valid);
  const replaced = fc.tuple(fc.constantFrom(...paths), junkJson).map(([path, text]) => JSON.stringify(put(valid, path, hole)).replace(`"${hole}"`, () => text));
  const without = fc.constantFrom(...paths).map((path) => JSON.stringify(put(valid, path, hole)).replace(new RegExp(`("[^"]*":)?"${hole}",?`), '').replace(/,([}\]])/g, '$1'));
  const joined = fc.tuple(names, junkJson).map(([name, text]) => whole.replace('{', () => `{${JSON.stringify(name)}:${text},`));
  return fc.oneof({ weight: 4, arbitrary: replaced }, { weight: 2, arbitrary: without }, { weight: 2, arbitrary: joined });
}

/** A body as API Gateway would hand it over. */
export interface Body {
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

const encodings: Readonly<Record<string, (text: string) => Body>> = {
  text: (body) => ({ body, isBase64Encoded: false }),
  base64: (text) => ({ body: Buffer.from(text).toString('base64'), isBase64Encoded: true }),
  'not base64 at all': (body) => ({ body, isBase64Encoded: true }),
  'utf-16': (text) => ({ body: Buffer.from(text, 'utf16le').toString('base64'), isBase64Encoded: true }),
  'latin-1': (text) => ({ body: Buffer.from(text, 'latin1').toString('base64'), isBase64Encoded: true }),
  gzip: (text) => ({ body: gzipSync(text).toString('base64'), isBase64Encoded: true }),
  'cut inside a letter': (text) => ({ body: Buffer.from(`${text}é`).subarray(0, -1).toString('base64'), isBase64Encoded: true }),
  'with a byte order mark': (text) => ({ body: `\ufeff${text}`, isBase64Encoded: false }),
};
export const sentAs = (text: fc.Arbitrary<string>): fc.Arbitrary<Body> =>
  fc.tuple(text, fc.oneof({ weight: 4, arbitrary: fc.constant('text') }, { weight: 3, arbitrary: fc.constantFrom(...Object.keys(encodings)) })).map(([one, how]) => (encodings[how] ?? (() => ({ body: one, isBase64Encoded: false })))(one));
export const junkBody: fc.Arbitrary<Body> = sentAs(fc.oneof({ weight: 4, arbitrary: junkJson }, { weight: 2, arbitrary: brokenJson }, { weight: 1, arbitrary: deepJson }));
