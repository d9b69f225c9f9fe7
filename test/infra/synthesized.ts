// The stack as CloudFormation would get it, without the bundles, which the rules do not look at.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib/core';
import { CalendarSyncStack } from '../../infra/calendar-sync-stack.ts';
import { failOnFindings } from '../../infra/nag.ts';
import type { Stage } from '../../infra/stages.ts';

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
export type Properties = Record<string, Json>;

export interface Resource {
  readonly id: string;
  readonly Type: string;
  readonly Properties: Properties;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly UpdatePolicy?: Json;
}

export interface Statement {
  readonly Effect: string;
  readonly actions: readonly string[];
  /** As text; `${X.Arn}` where the template has an intrinsic. */
  readonly resources: readonly string[];
  readonly conditions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

export interface Synthesized {
  readonly stage: Stage;
  readonly resources: readonly Resource[];
  readonly of: (type: string) => Resource[];
  readonly named: (id: string) => Resource;
  /** The text of a resource in the template, exactly. */
  readonly text: (id: string) => string;
  /** What a function may do. */
  readonly allowed: (fn: Resource) => Statement[];
  readonly outputs: readonly string[];
}

const projectFile = (path: string): URL => new URL(`../../${path}`, import.meta.url);

/** An app with the flags that the CLI would hand it. */
export function appIn(outdir: string): App {
  const { context } = JSON.parse(readFileSync(projectFile('cdk.json'), 'utf8')) as { context: Record<string, unknown> };
  return new App({ outdir, context: { ...context, 'aws:cdk:bundling-stacks': [], 'aws:cdk:enable-path-metadata': true } });
}

/** Synthesizes a stage under all rules of nag; what was changed in `alter` is part of it. */
export function synthesize(stage: Stage, alter: (stack: CalendarSyncStack) => void = () => undefined): Synthesized {
  const outdir = mkdtempSync(join(tmpdir(), 'calendar-sync-template-'));
  try {
    const app = appIn(outdir);
    const stack = new CalendarSyncStack(app, stage);
    alter(stack);
    failOnFindings(app);
    app.synth();
    return read(stage, readFileSync(join(outdir, `${stack.stackName}.template.json`), 'utf8'));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

function read(stage: Stage, text: string): Synthesized {
  const template = JSON.parse(text) as { Resources: Record<string, Omit<Resource, 'id'>>; Outputs: Record<string, unknown> };
  const resources = Object.entries(template.Resources).map(([id, resource]) => ({ ...resource, id }));
  const of = (type: string): Resource[] => resources.filter(({ Type }) => Type === type);
  return {
    stage,
    resources,
    of,
    named: (id) => theOne(resources.filter((resource) => resource.id === id), id),
    text: (id) => JSON.stringify(template.Resources[id]),
    allowed: (fn) => {
      const role = `\${${/\$\{(\w+)\.Arn\}/.exec(plain(fn.Properties['Role']))?.[1] ?? 'none'}}`;
      return of('AWS::IAM::Policy')
        .filter(({ Properties }) => list(Properties['Roles']).some((of) => plain(of) === role))
        .flatMap(({ Properties }) => statementsOf(Properties['PolicyDocument']));
    },
    outputs: Object.keys(template.Outputs),
  };
}

/** The statements of a policy document, with lists where CloudFormation also takes a single text. */
export function statementsOf(document: Json | undefined): Statement[] {
  return list(object(document)['Statement']).map((json) => {
    const { Effect, Action, Resource, Condition } = object(json);
    const conditions = Object.entries(object(Condition ?? {})).map(([test, of]) => [test, Object.fromEntries(Object.entries(object(of)).map(([key, values]) => [key, list(values).map(plain)]))] as const);
    return { Effect: plain(Effect), actions: list(Action).map(plain), resources: list(Resource).map(plain), conditions: Object.fromEntries(conditions) };
  });
}

/** A value as text, with `${Id}` for a Ref and `${Id.Attribute}` for a GetAtt. */
export function plain(value: Json | undefined): string {
  if (value === undefined || value === null || Array.isArray(value)) throw new Error(`Not a single value: ${JSON.stringify(value)}`);
  if (typeof value !== 'object') return String(value);
  if ('Ref' in value) return `\${${plain(value['Ref'])}}`;
  if ('Fn::GetAtt' in value) return `\${${list(value['Fn::GetAtt']).map(plain).join('.')}}`;
  if ('Fn::Select' in value) {
    const [index, parts] = list(value['Fn::Select']);
    const [separator, text] = list(object(parts)['Fn::Split']);
    // What a Ref will say is known to AWS alone: the part of it that is meant is named by its place.
    return `${plain(text)}[${plain(separator)}${plain(index)}]`;
  }
  if ('Fn::Join' in value) {
    const [separator, parts] = list(value['Fn::Join']);
    return list(parts).map(plain).join(plain(separator));
  }
  throw new Error(`An intrinsic that these tests do not know: ${JSON.stringify(value)}`);
}

/** The function whose live version a route, a queue or a timer calls. */
export function functionBehind({ named }: Synthesized, value: Json | undefined): Resource {
  const alias = named(/^\$\{(\w+)\}/.exec(plain(value))?.[1] ?? plain(value));
  if (alias.Type !== 'AWS::Lambda::Alias' || plain(alias.Properties['Name']) !== 'live') throw new Error(`${alias.id} is called directly: no deployment could move it little by little, or back.`);
  return named(plain(alias.Properties['FunctionName']).replace(/^\$\{|\}$/g, ''));
}

export const list = (value: Json | undefined): Json[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

export function object(value: Json | undefined): Properties {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new Error(`Not an object: ${JSON.stringify(value)}`);
}

export function theOne<T>(found: readonly T[], what: string): T {
  const [only] = found;
  if (only === undefined || found.length > 1) throw new Error(`${found.length} of ${what}, where one was meant.`);
  return only;
}
