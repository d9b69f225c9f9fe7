import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const sources = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).map((name) => join(folder, name).replaceAll('\\', '/'));

/** Files that prove something by a secret: whoever compares otherwise tells by its time how far a guess was right. */
const provers = ['lib/connect/consent-starts.ts', 'lib/ingest/relay-signature.ts', 'lib/platform/watch-token.ts'];

describe('what proves something by a secret', () => {
  it('is known: whoever makes a MAC to compare, or compares in constant time', () => {
    const found = sources('lib').filter((file) => /createHmac\(|timingSafeEqual\(/.test(readFileSync(file, 'utf8')));
    expect(found.sort()).toEqual(provers);
  });

  it.each(provers)('is compared in constant time: %s', (file) => {
    const source = readFileSync(file, 'utf8');
    expect(source).toMatch(/timingSafeEqual\(\w+, \w+\)/);
    expect(source).not.toMatch(/\.equals\(|\.compare\(|expected\b[^;\n]*===? *given\b|given === /);
  });
});
