// What operators set, kept across a deployment: CloudFormation puts a parameter's default back with any other change to it.
import { GetParametersCommand, PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { allowlistNames, flagNames } from '../platform/names.ts';

/** Flags and allowlists by name, without the path; one that does not exist is absent. */
export type OperatorsValues = Readonly<Record<string, string>>;

export interface Difference {
  readonly name: string;
  readonly before: string;
  /** Undefined: the parameter is gone. */
  readonly after: string | undefined;
}

const kept: readonly string[] = [...flagNames, ...allowlistNames];

/** The values of all flags and allowlists below `path`, in one call. */
export async function readValues(ssm: SSMClient, path: string): Promise<OperatorsValues> {
  const { Parameters = [] } = await ssm.send(new GetParametersCommand({ Names: kept.map((name) => path + name) }));
  return Object.fromEntries(Parameters.flatMap(({ Name, Value }) => (Name === undefined || Value === undefined ? [] : [[Name.slice(path.length), Value]])));
}

/** What is no longer as it was; what is new since then is nobody's loss. */
export function differences(before: OperatorsValues, after: OperatorsValues): Difference[] {
  return kept.flatMap((name) => {
    const was = before[name];
    return was === undefined || was === after[name] ? [] : [{ name, before: was, after: after[name] }];
  });
}

/** Puts back what differs, and says what that was. Safe to run again. */
export async function restoreValues(ssm: SSMClient, { path, before }: { readonly path: string; readonly before: OperatorsValues }): Promise<Difference[]> {
  const differing = differences(before, await readValues(ssm, path));
  for (const { name, before: value } of differing) await ssm.send(new PutParameterCommand({ Name: path + name, Value: value, Type: 'String', Overwrite: true }));
  return differing;
}
