// What the gate found, as a machine and as a person reads it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { opsFolder, type Circumstances, type Evidence } from '../evidence.ts';
import { isGo, type Finding } from './judge.ts';

/** docs/ops/report.json. A reader of another schema than it knows must refuse it. */
export interface GateReport extends Circumstances {
  readonly schema: 1;
  readonly verdict: 'GO' | 'NO-GO';
  readonly criteria: readonly Finding[];
  readonly drills: readonly { readonly drill: string; readonly verdict: string; readonly at: string; readonly ms: number }[];
}

export function reportOf(findings: readonly Finding[], evidence: readonly Evidence[], circumstances: Circumstances): GateReport {
  const drills = evidence.map(({ drill, verdict, at, ms }) => ({ drill, verdict, at, ms })).sort((a, b) => (a.drill < b.drill ? -1 : 1));
  return { schema: 1, verdict: isGo(findings) ? 'GO' : 'NO-GO', ...circumstances, criteria: findings, drills };
}

/** Writes report.json and report.md; returns where. */
export function writeReport(report: GateReport, evidence: readonly Evidence[], folder = opsFolder): readonly string[] {
  mkdirSync(folder, { recursive: true });
  const texts = { 'report.json': `${JSON.stringify(report, null, 2)}\n`, 'report.md': markdown(report, evidence) };
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
  return Object.keys(texts).map((name) => `docs/ops/${name}`);
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function markdown({ verdict, stage, commit, tree, at, environment, criteria }: GateReport, evidence: readonly Evidence[]): string {
  const lines = [
    `# ${verdict}`,
    '',
    `Stage ${stage}, commit ${commit.slice(0, 12)}, tree ${tree.slice(0, 12)}, ${at}, ${environment}. Written by \`npm run ops -- gate\`; not edited.`,
    '',
    '| criterion | verdict | because |',
    '|---|---|---|',
    ...criteria.map((finding) => `| ${cell(finding.says)} | **${finding.verdict}** | ${finding.because.map(cell).join('<br>')} |`),
  ];
  for (const { drill, title, verdict: ended, ms, at: when, steps } of [...evidence].sort((a, b) => (a.drill < b.drill ? -1 : 1))) {
    lines.push('', `## ${drill}: ${ended}`, '', `${title} ${when}, ${seconds(ms)}.`, '', '| step | expects | verdict | took | seen |', '|---|---|---|---|---|');
    for (const step of steps) lines.push(`| ${step.step} | ${cell(step.expects)} | ${step.verdict} | ${seconds(step.ms)} | ${cell(step.why ?? JSON.stringify(step.seen)).slice(0, 400)} |`);
  }
  return `${lines.join('\n')}\n`;
}
