import { list, object, text } from '../json.ts';
import type { Answer, GraphCall } from './call.ts';
import { bodyOf } from './call.ts';
import { foreignLink, malformed } from './fault.ts';

/** 100,000 rows of the usual page: a server that goes on past this is broken. */
const maxPages = 500;

export interface RowPage {
  readonly rows: readonly unknown[];
  /** On the last page of a delta round. */
  readonly deltaLink?: string;
}

interface Links extends RowPage {
  readonly nextLink?: string;
}

function readPage(answer: Answer): Links {
  const page = object(bodyOf(answer));
  if (!Array.isArray(page['value'])) throw malformed('page');
  const [nextLink, deltaLink] = [text(page['@odata.nextLink']), text(page['@odata.deltaLink'])];
  const rows = list(page['value']);
  // A relative one would be taken for a path of ours.
  if (nextLink !== undefined && !URL.canParse(nextLink)) throw foreignLink();
  if (nextLink !== undefined) return { rows, nextLink };
  return deltaLink === undefined ? { rows } : { rows, deltaLink };
}

/** After an empty page the same link may stand once more; one that keeps coming goes in a circle. */
const mostSightings = 2;

/** Every page from `url` on, empty ones included: those carry links like any other. */
export async function* pagesFrom(call: GraphCall, url: string): AsyncGenerator<RowPage> {
  const sightings = new Map<string, number>();
  let next: string | undefined = url;
  for (let pages = 0; next !== undefined; pages += 1) {
    const seen: number = sightings.get(next) ?? 0;
    if (seen === mostSightings || pages === maxPages) throw malformed('paging');
    sightings.set(next, seen + 1);
    const { nextLink, ...page }: Links = readPage(await call({ method: 'get', url: next }));
    yield page;
    next = nextLink;
  }
}
