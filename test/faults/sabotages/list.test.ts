import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { criteria } from '../../drills/gate/criteria.ts';
import { gateTrials } from './against-gate.ts';
import { sabotages } from './list.ts';
import { sabotaged } from './sabotage.ts';

describe('the list of sabotages', () => {
  it.each([...new Set([...sabotages, ...gateTrials().map(({ sabotage }) => sabotage)])].map((one) => [one.id, one] as const))('%s: its text stands in the product exactly once', (_, one) => {
    const text = readFileSync(one.file, 'utf8');
    expect(sabotaged(text, one)).not.toBe(text);
  });

  it('names each once, says what it breaks, and which suites see it', () => {
    expect(sabotages.length).toBeGreaterThanOrEqual(45);
    expect(new Set(sabotages.map(({ id }) => id)).size).toBe(sabotages.length);
    const atGate = gateTrials().map(({ sabotage }) => sabotage);
    for (const { id, breaks, suites } of [...sabotages, ...atGate]) {
      expect([id, breaks]).toEqual([expect.stringMatching(/^[a-z0-9]+(-[a-z0-9]+)*$/), expect.stringMatching(/^[A-Z].+\.$/)]);
      expect([id, suites.length > 0 || atGate.some((one) => one.id === id)]).toEqual([id, true]);
      expect(suites.filter((suite) => !existsSync(`test/${suite}.test.ts`))).toEqual([]);
    }
  });

  it('tries at least 25 against the gate, each naming a criterion and a drill that proves it', () => {
    const trials = gateTrials();
    expect(trials.length).toBeGreaterThanOrEqual(25);
    for (const { criterion, drill, sabotage } of trials) {
      const proof = criteria.find(({ id }) => id === criterion)?.proof ?? [];
      expect([sabotage.id, criterion, proof.map((of) => of.split('/')[0])]).toEqual([sabotage.id, criterion, expect.arrayContaining([drill])]);
    }
  });

  it('refuses a text that stands twice', () => {
    expect(() => sabotaged('a a', { id: 'x', breaks: 'X.', file: 'f', suites: [], find: 'a', replace: 'b' })).toThrow('2 times');
  });
});
