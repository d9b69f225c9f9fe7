// The tables in memory behind HTTP, in a process of their own, so that their work is not counted as ours.
import { startAwsEndpoint } from '../../support/aws-endpoint.ts';
import { memoryTables } from '../../support/memory-tables.ts';
import type { TableName } from '../../../lib/platform/names.ts';

export interface Order {
  readonly rows: readonly (readonly [TableName, Record<string, unknown>])[];
  readonly parameters: readonly (readonly [string, string])[];
}

const tables = await memoryTables(Date.now);
const endpoint = await startAwsEndpoint(tables);
process.on('message', ({ rows, parameters }: Order) => {
  for (const [table, row] of rows) tables.put(table, row);
  for (const [name, value] of parameters) endpoint.parameters.set(name, value);
  process.send?.({ done: true });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ url: endpoint.url, named: tables.named });
