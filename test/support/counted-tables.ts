// The tables in memory with what test/support/tables.ts offers of an engine: calls that are remembered, and a clean table.
import { memoryTables } from './memory-tables.ts';
import { recordCalls } from './recorded-calls.ts';
import type { CountedTables } from './tables.ts';

export async function countedTables(clock: () => number = () => 0): Promise<CountedTables> {
  const tables = await memoryTables(clock);
  const calls = recordCalls(tables.dynamo);
  return {
    dynamo: tables.dynamo, named: tables.named, calls,
    put: async (table, row) => tables.put(table, row),
    get: async (table, key) => tables.get(table, key),
    all: async (table) => tables.all(table),
    async aClean(table) {
      tables.empty(table);
      calls.length = 0;
    },
  };
}
