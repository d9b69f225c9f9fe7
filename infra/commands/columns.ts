// Tables as terminals show them.

export type Cell = string | number;
export type Row = Readonly<Record<string, Cell>>;

/** Columns as wide as their widest cell; numbers stand to the right. The first row names the columns. */
export function columns(rows: readonly Row[]): string {
  const names = Object.keys(rows[0] ?? {});
  const width = (name: string): number => Math.max(name.length, ...rows.map((row) => String(row[name] ?? '').length));
  const line = (cells: readonly Cell[]): string => `  ${cells.map((cell, at) => (typeof cell === 'number' ? String(cell).padStart(width(names[at] ?? '')) : cell.padEnd(width(names[at] ?? '')))).join('  ')}`.trimEnd();
  return [line(names), ...rows.map((row) => line(names.map((name) => row[name] ?? '')))].join('\n');
}
