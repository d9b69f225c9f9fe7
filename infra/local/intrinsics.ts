// Resolves CloudFormation's intrinsic functions against what runs here.

/** What a resource is on this machine: the value of Ref, and its attributes. */
export interface LocalResource {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Template {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Parameters?: Readonly<Record<string, { readonly Default?: unknown }>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Mappings?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
}

export interface TemplateResource {
  readonly Type: string;
  readonly Condition?: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: unknown;
}

export interface Scope {
  readonly template: Template;
  /** Pseudo parameters by name, such as `AWS::Region`. */
  readonly pseudo: Readonly<Record<string, string>>;
  /** Looked up for Ref and Fn::GetAtt; throws for what does not run here. */
  readonly local: (logicalId: string) => LocalResource;
}

type Json = Record<string, unknown>;
type Intrinsic = (argument: unknown, scope: Scope) => unknown;

/** The value with every intrinsic replaced; members that are AWS::NoValue are left out. Throws for an intrinsic it does not know. */
export function resolve(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, scope)).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  const names = Object.keys(value);
  const name = names[0];
  if (names.length === 1 && name !== undefined && (name === 'Ref' || name === 'Condition' || name.startsWith('Fn::'))) {
    const intrinsic = intrinsics[name];
    // A policy's `Condition` block is an object, not the name of a condition.
    if (name !== 'Condition' || typeof value[name] === 'string') {
      if (intrinsic === undefined) throw new Error(`${name} is not resolved here: add it to infra/local/intrinsics.ts.`);
      return intrinsic(value[name], scope);
    }
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, scope)] as const).filter(([, item]) => item !== undefined));
}

/** As `resolve`, for a value that has to be text. */
export function resolveText(value: unknown, scope: Scope): string {
  const text = resolve(value, scope);
  if (typeof text === 'string' || typeof text === 'number' || typeof text === 'boolean') return String(text);
  throw new Error(`Expected text, found ${JSON.stringify(text)} from ${JSON.stringify(value)}.`);
}

/** Whether a resource's or output's condition holds; without one it does. */
export const holds = (condition: string | undefined, scope: Scope): boolean =>
  condition === undefined || intrinsics['Condition']?.(condition, scope) === true;

const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Ref: (name, scope) => reference(text(name), scope),
  'Fn::GetAtt': (argument, scope) => {
    const [logicalId, ...path] = typeof argument === 'string' ? argument.split('.') : list(argument, scope).map(String);
    return attribute(logicalId ?? '', path.join('.'), scope);
  },
  'Fn::Join': (argument, scope) => {
    const [separator, parts] = list(argument, scope);
    return list(parts, scope).map(String).join(text(separator));
  },
  'Fn::Split': (argument, scope) => {
    const [separator, whole] = list(argument, scope);
    return text(whole).split(text(separator));
  },
  'Fn::Select': (argument, scope) => {
    const [index, from] = list(argument, scope);
    const chosen = list(from, scope)[Number(index)];
    if (chosen === undefined) throw new Error(`Fn::Select: there is no item ${String(index)}.`);
    return chosen;
  },
  'Fn::Sub': (argument, scope) => {
    const [pattern, own] = Array.isArray(argument) ? (argument as unknown[]) : [argument];
    return substitute(text(pattern), isObject(own) ? own : {}, scope);
  },
  'Fn::FindInMap': (argument, scope) => {
    const [map = '', key = '', second = ''] = list(argument, scope).map(String);
    const found = scope.template.Mappings?.[map]?.[key]?.[second];
    if (found === undefined) throw new Error(`Fn::FindInMap: the template has no ${map}.${key}.${second}.`);
    return resolve(found, scope);
  },
  'Fn::If': (argument, scope) => {
    const [condition, yes, no] = argument as unknown[];
    return resolve(holds(text(condition), scope) ? yes : no, scope);
  },
  'Fn::Equals': (argument, scope) => {
    const [left, right] = list(argument, scope);
    return JSON.stringify(left) === JSON.stringify(right);
  },
  'Fn::Not': (argument, scope) => list(argument, scope)[0] !== true,
  'Fn::And': (argument, scope) => list(argument, scope).every((item) => item === true),
  'Fn::Or': (argument, scope) => list(argument, scope).some((item) => item === true),
  Condition: (name, scope) => {
    const condition = scope.template.Conditions?.[text(name)];
    if (condition === undefined) throw new Error(`The template has no condition ${text(name)}.`);
    return resolve(condition, scope);
  },
};

function reference(name: string, scope: Scope): unknown {
  if (name === 'AWS::NoValue') return undefined;
  if (name in scope.pseudo) return scope.pseudo[name];
  const parameter = scope.template.Parameters?.[name];
  if (parameter !== undefined) {
    if (parameter.Default === undefined) throw new Error(`Template parameter ${name} has no default, and nobody here to give it.`);
    return parameter.Default;
  }
  return scope.local(name).ref;
}

function attribute(logicalId: string, name: string, scope: Scope): string {
  const value = scope.local(logicalId).attributes[name];
  if (value === undefined) throw new Error(`${logicalId} (${scope.template.Resources[logicalId]?.Type}) has no attribute ${name} here.`);
  return value;
}

function substitute(pattern: string, own: Json, scope: Scope): string {
  return pattern.replaceAll(/\$\{(!?)([^}]+)\}/g, (whole, literal: string, name: string) => {
    if (literal === '!') return `\${${name}}`;
    if (name in own) return resolveText(own[name], scope);
    const dot = name.indexOf('.');
    if (dot > 0) return attribute(name.slice(0, dot), name.slice(dot + 1), scope);
    const value = reference(name, scope);
    if (value === undefined) throw new Error(`Fn::Sub: ${whole} has no value.`);
    return String(value);
  });
}

function list(argument: unknown, scope: Scope): unknown[] {
  const items = resolve(argument, scope);
  if (!Array.isArray(items)) throw new Error(`Expected a list, found ${JSON.stringify(items)}.`);
  return items as unknown[];
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new Error(`Expected text, found ${JSON.stringify(value)}.`);
  return value;
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
