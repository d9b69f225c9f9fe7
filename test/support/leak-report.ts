// Says at the end of a test run how much was searched for secrets, by all test files together.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { searchesFile } from './leaks.ts';

export default class LeakReport {
  private readonly file = join(mkdtempSync(join(tmpdir(), 'searches-')), 'searches.jsonl');

  /** Jest makes its workers after its reporters: they find the file's name in their environment. */
  constructor() {
    writeFileSync(this.file, '');
    process.env[searchesFile] = this.file;
  }

  onRunComplete(): void {
    const searches = readFileSync(this.file, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as { secrets: string[]; lines: number; found: number });
    const sum = (of: 'lines' | 'found'): string => searches.reduce((all, search) => all + search[of], 0).toLocaleString('en');
    const secrets = new Set(searches.flatMap((search) => search.secrets)).size.toLocaleString('en');
    if (searches.length > 0) process.stderr.write(`\nLooked for ${secrets} secrets in ${sum('lines')} log lines, table items and messages that ${searches.length} searches of local runs and worlds saw: ${sum('found')} in clear.\n`);
    rmSync(dirname(this.file), { recursive: true, force: true });
  }
}
