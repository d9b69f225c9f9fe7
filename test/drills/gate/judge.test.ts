import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gateRefuses } from '../../../infra/commands/deploy/gate-says.ts';
import { drills } from '../all.ts';
import { neverBegan, runDrill, type Drill, type Scene } from '../drill.ts';
import { readEvidence, writeEvidence, type Evidence } from '../evidence.ts';
import { criteria } from './criteria.ts';
import { isGo, judge } from './judge.ts';
import { reportOf, writeReport } from './report.ts';

const now = Date.parse('2026-03-02T09:00:00Z');
const here = { stage: 'local', tree: 'abc', commit: 'c0ffee', at: '2026-03-02T08:00:00Z', environment: 'a machine' };
const asked = { stage: 'local', tree: 'abc', now };
const aCriterion = (...proof: string[]) => [{ id: 'it', says: 'It holds.', proof }];
const step = (name: string, change: object = {}) => ({ step: name, expects: 'so', verdict: 'PASS' as const, ms: 1, seen: {}, ...change });
const evidence = (change: Partial<Evidence> = {}): Evidence => ({ schema: 1, drill: 'outage', title: 'An outage.', verdict: 'PASS', ms: 2, steps: [step('rings'), step('clears')], ...here, ...change });
const verdict = (proof: string, change: Partial<Evidence> = {}) => judge(aCriterion(proof), [evidence(change)], asked)[0];

describe('the gate', () => {
  it('lets a criterion hold where each step that it names has passed, here, on this tree, within a day', () => {
    expect(verdict('outage')).toMatchObject({ verdict: 'GO', because: ['outage: PASS'] });
    expect(verdict('outage/clears')).toMatchObject({ verdict: 'GO' });
  });

  it.each([
    ['evidence is missing', 'flags', {}, 'flags: never drilled'],
    ['a step was not reached', 'outage/told', {}, 'outage/told: not reached'],
    ['it is of another stage', 'outage', { stage: 'staging' }, 'is of the stage staging'],
    ['it is of another tree', 'outage', { tree: 'def' }, 'is of another tree'],
    ['it is older than a day', 'outage', { at: '2026-03-01T08:59:59Z' }, 'not of the last 24 hours'],
    ['it is of a day to come', 'outage', { at: '2026-03-04T08:59:59Z' }, 'not of the last 24 hours'],
    ['its time is no time', 'outage', { at: 'today' }, 'not of the last 24 hours'],
    ['a step failed', 'outage', { verdict: 'FAIL', steps: [step('rings', { verdict: 'FAIL', why: 'no bell\nat all' })] }, 'outage/rings: FAIL: no bell'],
    ['a step was skipped that it needs', 'outage', { verdict: 'SKIPPED', steps: [step('rings', { verdict: 'SKIPPED' })] }, 'outage/rings: SKIPPED'],
    ['a drill failed though its steps did not', 'outage', { verdict: 'FAIL' }, 'outage: FAIL'],
  ] as const)('says NO-GO where %s', (_, proof, change, why) => {
    const found = verdict(proof, change as Partial<Evidence>);
    expect([found?.verdict, found?.because.join()]).toEqual(['NO-GO', expect.stringContaining(why)]);
  });

  it('says NO-GO where a criterion has no proof, or there is no criterion', () => {
    expect(judge(aCriterion(), [evidence()], asked)).toMatchObject([{ verdict: 'NO-GO' }]);
    expect(isGo([])).toBe(false);
  });

  it('asks only for drills that there are, and for each of them', () => {
    const known = new Set(drills.map(({ name }) => name));
    const needed = new Set(criteria.flatMap(({ proof }) => proof.map((of) => of.split('/')[0] ?? '')));
    expect([...needed].filter((name) => !known.has(name))).toEqual([]);
    expect([...known].filter((name) => !needed.has(name))).toEqual([]);
  });

  it('writes a report that a deployment can read, and a page that a person can', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gate-'));
    try {
      for (const [proof, says] of [['outage', undefined], ['flags', 'the gate said NO-GO on local.']] as const) {
        const report = reportOf(judge(aCriterion(proof), [evidence()], asked), [evidence()], here);
        expect(writeReport(report, [evidence()], folder)).toEqual(['docs/ops/report.json', 'docs/ops/report.md']);
        expect(gateRefuses(JSON.stringify(report), { tree: 'abc', now })).toBe(says);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('evidence', () => {
  it('is read as it was written, and what is damaged is none', () => {
    const root = mkdtempSync(join(tmpdir(), 'evidence-'));
    try {
      const { schema: _, ...record } = evidence();
      const written = writeEvidence(record, here, root);
      writeFileSync(join(root, 'evidence/local/broken.json'), '{"schema":1');
      writeFileSync(join(root, 'evidence/local/later.json'), JSON.stringify({ ...written, schema: 2 }));
      const { found, damaged } = readEvidence('local', root);
      expect([found, damaged.sort()]).toEqual([[written], ['broken.json', 'later.json']]);
      expect(readEvidence('staging', root)).toEqual({ found: [], damaged: [] });
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});

describe('a drill', () => {
  const scene = { place: undefined as unknown as Scene['place'], local: undefined };
  const drill = (run: Drill['run']): Drill => ({ name: 'd', title: 'D.', run });
  const done = (run: Drill['run']) => runDrill(drill(run), scene, { clock: () => now, told: () => undefined });
  const act = (): Promise<object> => Promise.resolve({ calls: 3 });

  it('keeps what each step saw', async () => {
    expect(await done(({ step: doing }) => doing({ name: 'one', expects: 'so', act: async () => ({ ...(await act()) }) }))).toMatchObject({ verdict: 'PASS', steps: [{ step: 'one', verdict: 'PASS', seen: { calls: 3 } }] });
  });

  it('ends with the first step that fails, and says why in plain text', async () => {
    const record = await done(async ({ step: doing }) => {
      await doing({ name: 'one', expects: 'so', act: () => Promise.reject(new Error('\u001b[31motherwise\u001b[39m')) });
      await doing({ name: 'two', expects: 'so', act: async () => ({ ...(await act()) }) });
    });
    expect(record).toMatchObject({ verdict: 'FAIL', steps: [{ step: 'one', verdict: 'FAIL', why: 'otherwise' }] });
    expect(record.steps).toHaveLength(1);
  });

  it('has failed where it broke between its steps, did nothing, or never began', async () => {
    expect(await done(() => Promise.reject(new Error('broke')))).toMatchObject({ verdict: 'FAIL', steps: [{ step: 'between-steps', why: 'broke' }] });
    expect(await done(() => Promise.resolve())).toMatchObject({ verdict: 'FAIL', steps: [] });
    expect(neverBegan(drill(() => Promise.resolve()), new Error('no port'))).toMatchObject({ verdict: 'FAIL', steps: [{ step: 'start', why: 'no port' }] });
  });

  it('has not passed where a step was skipped', async () => {
    expect(await done(({ step: doing }) => doing({ name: 'one', expects: 'so', localOnly: true, act: async () => ({ ...(await act()) }) }))).toMatchObject({ verdict: 'SKIPPED', steps: [{ verdict: 'SKIPPED', ms: 0 }] });
  });
});
