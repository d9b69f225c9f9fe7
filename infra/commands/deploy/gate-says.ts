import * as v from 'valibot';

/** As much of docs/ops/report.json as a deployment depends on. */
const report = v.object({ schema: v.literal(1), verdict: v.picklist(['GO', 'NO-GO']), stage: v.string(), tree: v.string(), at: v.pipe(v.string(), v.isoTimestamp()) });

const dayMs = 24 * 3_600_000;

/** Why the gate does not let this tree through, in one line; undefined where it does. */
export function gateRefuses(json: string | undefined, { tree, now }: { readonly tree: string; readonly now: number }): string | undefined {
  if (json === undefined) return 'there is no report of the gate.';
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), report), json);
  if (!read.success) return 'the report of the gate cannot be read.';
  const { verdict, tree: judged, at, stage } = read.output;
  if (judged !== tree) return 'the report speaks of another tree than this one.';
  if (!(Math.abs(now - Date.parse(at)) < dayMs)) return `the report is of ${at}, not of the last 24 hours.`;
  return verdict === 'GO' ? undefined : `the gate said ${verdict} on ${stage}.`;
}
