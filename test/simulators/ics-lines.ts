// The outermost layer of an iCalendar file: unfolded lines in nested components, each knowing where in the file it stands.

/** The file cannot be read. `line` counts from 1; the message begins with it and says what to do. */
export class IcsError extends Error {
  readonly line: number;

  constructor(line: number, sentence: string) {
    super(`line ${line}: ${sentence}`);
    this.name = 'IcsError';
    this.line = line;
  }
}

/** One unfolded property line, as `DTSTART;TZID=Europe/Berlin:20260301T090000`. */
export interface ContentLine {
  readonly line: number;
  /** Upper case. */
  readonly name: string;
  readonly text: string;
}

/** What stands between BEGIN:name and END:name. `line` is that of its BEGIN. */
export interface Component {
  readonly name: string;
  readonly line: number;
  readonly lines: ContentLine[];
  readonly components: Component[];
}

const maxBytes = 20 * 1024 * 1024;
const maxDepth = 10;

/** The VCALENDARs of a file; throws IcsError. Time is linear in the size of the file, however deep or long its lines. */
export function readComponents(text: string): Component[] {
  if (text.length > maxBytes || Buffer.byteLength(text) > maxBytes) throw new IcsError(1, 'The file is larger than 20 MB: export fewer years or one calendar at a time.');
  const calendars: Component[] = [];
  const open: Component[] = [];
  for (const line of contentLines(text)) {
    const value = line.text.slice(line.name.length + 1).trim().toUpperCase();
    if (line.name === 'BEGIN') begin({ open, calendars }, value, line.line);
    else if (open.length === 0) throw notACalendar(line.line);
    else if (line.name === 'END') end(open, value, line.line);
    else open.at(-1)?.lines.push(line);
  }
  const unended = open.at(-1);
  if (unended !== undefined) throw neverEnds(unended);
  if (calendars.length === 0) throw notACalendar(1);
  return calendars;
}

const notACalendar = (line: number): IcsError => new IcsError(line, 'This is not a calendar, which begins with BEGIN:VCALENDAR: export it as iCalendar (.ics) from Google, Outlook or Apple Calendar.');
const neverEnds = (component: Component): IcsError =>
  new IcsError(component.line, `The ${component.name} that begins here never ends: the file was cut off or edited; export it again.`);

function begin(state: { open: Component[]; calendars: Component[] }, name: string, line: number): void {
  const { open, calendars } = state;
  const parent = open.at(-1);
  if (parent === undefined ? name !== 'VCALENDAR' : false) throw notACalendar(line);
  // No component of a calendar holds its own kind: the outer one lacks its END.
  if (parent !== undefined && (parent.name === name || (name === 'VEVENT' && parent.name !== 'VCALENDAR'))) throw neverEnds(parent);
  if (open.length >= maxDepth) throw new IcsError(line, `Components are nested more than ${maxDepth} deep, as no calendar program writes them: export the file again.`);
  const component: Component = { name, line, lines: [], components: [] };
  (parent?.components ?? calendars).push(component);
  open.push(component);
}

function end(open: Component[], name: string, line: number): void {
  const last = open.pop();
  if (last?.name === name) return;
  if (last !== undefined && open.some((component) => component.name === name)) throw neverEnds(last);
  throw new IcsError(line, `END:${name} ends nothing that is open: the file was edited; export it again.`);
}

function* contentLines(text: string): Generator<ContentLine> {
  let parts: string[] = [];
  let begun = 1;
  let line = 0;
  for (const raw of physicalLines(text)) {
    line += 1;
    if (raw.startsWith(' ') || raw.startsWith('\t')) {
      if (parts.length > 0) parts.push(raw.slice(1));
      else if (raw.trim() !== '') throw notACalendar(line);
      continue;
    }
    if (raw === '') continue;
    if (parts.length > 0) yield contentLine(parts.join(''), begun);
    parts = [raw];
    begun = line;
  }
  if (parts.length > 0) yield contentLine(parts.join(''), begun);
}

function* physicalLines(text: string): Generator<string> {
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  while (at <= text.length) {
    const next = text.indexOf('\n', at);
    const stop = next === -1 ? text.length : next;
    let cut = stop;
    while (cut > at && text.charCodeAt(cut - 1) === 13) cut -= 1;
    yield text.slice(at, cut);
    at = stop + 1;
  }
}

function contentLine(text: string, line: number): ContentLine {
  const name = /^[A-Za-z0-9.-]{1,100}(?=[;:])/.exec(text)?.[0];
  if (name !== undefined) return { line, name: name.toUpperCase(), text };
  if (line === 1) throw notACalendar(1);
  throw new IcsError(line, `"${text.slice(0, 40)}" is not a property such as SUMMARY:Dentist: the file was edited or badly wrapped; export it again.`);
}
