// The smallest honest consumer of pages: what the calendar holds, as a reader of the port must understand it.
import type { Page, Present, RemoteItem } from '../../lib/calendars/port.ts';

export interface Overlay {
  readonly items: ReadonlyMap<string, Present>;
  readonly cursor: string;
  readonly pages: readonly Page[];
}

function apply(items: Map<string, Present>, item: RemoteItem): void {
  if (item.kind === 'present') {
    items.set(item.id, item);
    return;
  }
  const series = item.kind === 'series' ? item.series : item.id;
  for (const [id, known] of items) if (known.series === series) items.delete(id);
  if (item.kind === 'gone') items.delete(item.id);
  else for (const member of item.members) items.set(member.id, member);
}

/** What stands after these pages, on top of what stood before. */
export async function overlay(pages: AsyncIterable<Page>, before?: Overlay): Promise<Overlay> {
  const items = new Map(before?.items);
  const seen: Page[] = [];
  for await (const page of pages) {
    for (const item of page.items) apply(items, item);
    seen.push(page);
  }
  return { items, cursor: seen.at(-1)?.cursor ?? 'no cursor came', pages: seen };
}

/** The starts of all that is there, in order. */
export const startsOf = ({ items }: Overlay): number[] => [...items.values()].map(({ start }) => start).sort((a, b) => a - b);
