import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { sabotages } from './list.ts';
import { sabotaged } from './sabotage.ts';

describe('the list of sabotages', () => {
  it.each(sabotages.map((one) => [one.id, one] as const))('%s: its text stands in the product exactly once', (_, one) => {
    const text = readFileSync(one.file, 'utf8');
    expect(sabotaged(text, one)).not.toBe(text);
  });

  it('names each once, says what it breaks, and which suites see it', () => {
    expect(sabotages.length).toBeGreaterThanOrEqual(45);
    expect(new Set(sabotages.map(({ id }) => id)).size).toBe(sabotages.length);
    for (const { id, breaks, suites, gate } of sabotages) {
      expect([id, breaks]).toEqual([expect.stringMatching(/^[a-z0-9]+(-[a-z0-9]+)*$/), expect.stringMatching(/^[A-Z].+\.$/)]);
      expect([id, suites.length > 0 || gate !== undefined]).toEqual([id, true]);
      expect(suites.filter((suite) => !existsSync(`test/${suite}.test.ts`))).toEqual([]);
    }
  });

  it('refuses a text that stands twice', () => {
    expect(() => sabotaged('a a', { id: 'x', breaks: 'X.', file: 'f', suites: [], find: 'a', replace: 'b' })).toThrow('2 times');
  });
});
