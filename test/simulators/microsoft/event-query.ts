// $select and $expand on events, and the one $filter that this simulator knows: by the value of an extended property.
import { canonicalPropertyId } from './event-body.ts';
import { eventMembers, fullEvent } from './event-json.ts';
import type { EventJson } from './event-json.ts';
import type { SimEvent, View } from './event-model.ts';
import { badRequest } from './graph-failure.ts';
import { shownTo } from './world.ts';
import type { GraphRequest } from './world.ts';

/** An event as this request asks for it. Throws 400 for options that Graph refuses. */
export function askedEvent(request: GraphRequest, view: View): EventJson {
  const whole = fullEvent(view, shownTo(request));
  return { ...selected(whole, request.query.get('$select')), ...expanded(view.event, request.query.get('$expand')) };
}

const namesOf = (select: string | null): string[] => (select ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '');

/** Throws 400 where $select names what no such thing has. */
export function checkSelect(request: GraphRequest, members: ReadonlySet<string> = eventMembers): void {
  const unknown = namesOf(request.query.get('$select')).find((name) => !members.has(name));
  if (unknown !== undefined) throw badRequest(`Parsing OData Select and Expand failed: Could not find a property named '${unknown}' on the type.`);
}

/** Only the members that $select names, and the id. */
export function selected(whole: EventJson, select: string | null): EventJson {
  const names = namesOf(select);
  if (names.length === 0) return whole;
  const kept = new Set(['@odata.etag', 'id', ...names]);
  return Object.fromEntries(Object.entries(whole).filter(([name]) => kept.has(name)));
}

function expanded(event: SimEvent, expand: string | null): EventJson {
  if (expand === null || expand.trim() === '') return {};
  const match = /^singleValueExtendedProperties\s*\(\s*\$filter\s*=\s*(.*)\)$/u.exec(expand.trim());
  const ids = (match?.[1] ?? '').split(/\s+or\s+/u).map((part) => /^\s*id\s+eq\s+'((?:[^']|'')*)'\s*$/u.exec(part)?.[1]);
  if (match === null || ids.length === 0 || ids.includes(undefined)) throw badRequest(`Parsing OData Select and Expand failed: '${expand}'.`);
  const properties = ids.flatMap((id) => {
    const canonical = canonicalPropertyId((id ?? '').replaceAll("''", "'"));
    const value = event.properties.get(canonical);
    return value === undefined ? [] : [{ id: canonical, value }];
  });
  return properties.length === 0 ? {} : { singleValueExtendedProperties: properties };
}

const anyProperty = /^singleValueExtendedProperties\/any\(\s*(\w+)\s*:\s*\1\/id\s+eq\s+'((?:[^']|'')*)'\s+and\s+\1\/value\s+eq\s+'((?:[^']|'')*)'\s*\)$/iu;

/** What $filter lets through. The property's name is compared with its case, its value without. */
export function filterOf(filter: string | null): (event: SimEvent) => boolean {
  if (filter === null) return () => true;
  const match = anyProperty.exec(filter.trim());
  if (match === null) throw badRequest('Invalid filter clause', 'ErrorInvalidUrlQueryFilter');
  const id = canonicalPropertyId((match[2] ?? '').replaceAll("''", "'"));
  const value = (match[3] ?? '').replaceAll("''", "'").toLowerCase();
  return (event) => event.properties.get(id)?.toLowerCase() === value;
}

/** One page by $top (10 unless asked) and $skip, with the link to the next. */
export function paged<T>(request: GraphRequest, all: readonly T[], show: (item: T) => object): { value: object[]; link: Record<string, string> } {
  const number = (name: string, fallback: number): number => {
    const text = request.query.get(name);
    if (text === null) return fallback;
    if (!/^\d{1,9}$/u.test(text)) throw badRequest(`Invalid value '${text}' for ${name} query option found.`);
    return Number(text);
  };
  const top = Math.min(number('$top', request.prefer.pageSize ?? request.world.pageSize), 1000);
  const skip = number('$skip', 0);
  const value = all.slice(skip, skip + top).map(show);
  if (skip + top >= all.length) return { value, link: {} };
  const next = new URLSearchParams(request.query);
  next.set('$top', String(top));
  next.set('$skip', String(skip + top));
  const query = [...next].map(([name, text]) => `${name}=${encodeURIComponent(text)}`).join('&');
  return { value, link: { '@odata.nextLink': `${request.world.url()}${request.path}?${query}` } };
}
