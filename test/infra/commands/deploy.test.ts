import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { deployStage, restore, type DeployParts } from '../../../infra/commands/deploy/deploy-stage.ts';
import { gateRefuses } from '../../../infra/commands/deploy/gate-says.ts';
import { treeHash } from '../../../infra/commands/deploy/tree.ts';
import { startParameterServer, type ParameterServer } from '../../../infra/local/ssm.ts';
import type { OperatorsValues } from '../../../lib/operate/operators-values.ts';
import { allowlistNames, flagNames, Setting } from '../../../lib/platform/names.ts';

const path = '/calendar-sync/staging/';
const planted = { ...Object.fromEntries(flagNames.map((name) => [name, 'false'])), ...Object.fromEntries(allowlistNames.map((name) => [name, 'none'])) };

let server: ParameterServer;
let ssm: SSMClient;
beforeEach(async () => {
  server = await startParameterServer(Date.now, '');
  ssm = new SSMClient({ region: 'us-east-1', credentials: { accessKeyId: 'x', secretAccessKey: 'x' }, endpoint: server.url });
  for (const [name, value] of Object.entries(planted)) await put(name, value);
  await put(Setting.syncEnabled, 'true');
  await put(Setting.providerAllowlist, 'p-1,p-2');
});
afterEach(async () => {
  ssm.destroy();
  await server.close();
});

const put = (name: string, value: string) => ssm.send(new PutParameterCommand({ Name: path + name, Value: value, Type: 'String', Overwrite: true }));
const valueOf = async (name: string) => (await ssm.send(new GetParameterCommand({ Name: path + name }))).Parameter?.Value;

/** A CDK that puts every default back, as CloudFormation does with a changed parameter. */
function world({ agrees = true, exits = 0 } = {}) {
  const told: string[] = [];
  const runs: string[] = [];
  let kept: OperatorsValues | undefined;
  const parts: DeployParts = {
    stage: 'staging', path, ssm,
    async cdk(...args) {
      runs.push(args.join(' '));
      if (args[0] !== 'deploy') return 0;
      for (const [name, value] of Object.entries(planted)) await put(name, value);
      return exits;
    },
    confirm: () => Promise.resolve(agrees),
    print: (line) => void told.push(line),
    memory: { keep: (values) => void (kept = values), kept: () => kept, forget: () => void (kept = undefined) },
  };
  return { parts, told, runs, kept: () => kept };
}

describe('a deployment', () => {
  it('leaves flags and allowlists as operators had set them, and says which came back otherwise', async () => {
    const { parts, told, runs, kept } = world();
    expect(await deployStage(parts)).toBe(0);
    expect(runs).toEqual(['diff -c stage=staging', 'deploy -c stage=staging --require-approval never']);
    expect([await valueOf(Setting.syncEnabled), await valueOf(Setting.providerAllowlist), await valueOf(Setting.jobsEnabled)]).toEqual(['true', 'p-1,p-2', 'false']);
    expect(told).toEqual([
      'CALENDAR_SYNC_ENABLED: was true, came back as false; put back.',
      'CALENDAR_ALLOWLIST_PROVIDER_IDS: was p-1,p-2, came back as none; put back.',
      '6 flags and allowlists are again as operators had set them: 2 had been changed.',
    ]);
    expect(kept()).toBeUndefined();
  });

  it('that fails restores them too, and ends with its code', async () => {
    const { parts } = world({ exits: 3 });
    expect(await deployStage(parts)).toBe(3);
    expect(await valueOf(Setting.syncEnabled)).toBe('true');
  });

  it('that is not wanted changes nothing', async () => {
    const { parts, runs } = world({ agrees: false });
    expect(await deployStage(parts)).toBe(1);
    expect(runs).toEqual(['diff -c stage=staging']);
  });

  it('that was cut short is made good by the next one, or by itself', async () => {
    const { parts, told, kept } = world();
    parts.memory.keep({ [Setting.jobsEnabled]: 'true' });
    await restore(parts);
    expect([await valueOf(Setting.jobsEnabled), kept()]).toEqual(['true', undefined]);
    parts.memory.keep({ [Setting.webhookEnabled]: 'true' });
    await deployStage(parts);
    expect(await valueOf(Setting.webhookEnabled)).toBe('true');
    expect(told).toContain('The last deployment did not come to its end: its values first.');
  });
});

describe('production', () => {
  const now = Date.parse('2026-03-02T09:00:00Z');
  const good = { schema: 1, verdict: 'GO', stage: 'local', tree: 'abc', at: '2026-03-02T08:00:00Z' };
  const refusal = (change: object) => gateRefuses(JSON.stringify({ ...good, ...change }), { tree: 'abc', now });

  it('is deployed where the gate said GO about this tree within a day', () => {
    expect(refusal({})).toBeUndefined();
  });

  it('is refused in one line otherwise', () => {
    expect(refusal({ verdict: 'NO-GO' })).toBe('the gate said NO-GO on local.');
    expect(refusal({ tree: 'def' })).toBe('the report speaks of another tree than this one.');
    expect(refusal({ at: '2026-03-01T08:59:00Z' })).toBe('the report is of 2026-03-01T08:59:00Z, not of the last 24 hours.');
    expect(refusal({ at: '2026-03-03T09:00:00Z' })).toContain('not of the last 24 hours');
    expect(refusal({ verdict: 'MAYBE' })).toBe('the report of the gate cannot be read.');
    expect(gateRefuses('{', { tree: 'abc', now })).toBe('the report of the gate cannot be read.');
    expect(gateRefuses(undefined, { tree: 'abc', now })).toBe('there is no report of the gate.');
  });
});

describe('the hash of a tree', () => {
  it('follows what is tracked, as it lies on disk, and not the reports about it', () => {
    const root = mkdtempSync(join(tmpdir(), 'tree-'));
    try {
      const write = (path: string, text: string): void => writeFileSync(join(root, path), text);
      mkdirSync(join(root, 'docs/ops'), { recursive: true });
      for (const path of ['a.ts', 'b.ts', 'docs/ops/report.json']) write(path, '1');
      for (const line of ['init -q', 'add .']) execFileSync('git', line.split(' '), { cwd: root });
      const before = treeHash(root);
      write('docs/ops/report.json', '2');
      write('untracked.ts', '1');
      expect(treeHash(root)).toBe(before);
      write('a.ts', '2');
      const changed = treeHash(root);
      expect(changed).not.toBe(before);
      rmSync(join(root, 'b.ts'));
      expect(new Set([before, changed, treeHash(root)]).size).toBe(3);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});
