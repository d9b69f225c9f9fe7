import { expect, it } from '@jest/globals';
import { tableNames } from '../../lib/platform/names.ts';
import { tell } from './crash-points.ts';
import { scenarios } from './scenarios.ts';

/** Each of these names a key, or, as Query, a partition. */
const keyed = new Set(['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query']);

it('no function walks a table, in any story of people, bookings, consents, choices and goodbyes', async () => {
  const asked = new Map<string, number>();
  const by = new Set<string>();
  for (const [n, scenario] of scenarios.entries()) {
    const { points, violations } = await tell(n % 2 === 0 ? 'google' : 'microsoft', scenario);
    expect([scenario.name, violations]).toEqual([scenario.name, []]);
    for (const { what, name } of points) {
      const [command = '', table] = what.split(' ');
      if (!tableNames.some((known) => known === table)) continue;
      asked.set(command, (asked.get(command) ?? 0) + 1);
      by.add(name);
    }
  }
  expect([...asked.keys()].filter((command) => !keyed.has(command))).toEqual([]);
  expect([...asked.values()].reduce((sum, calls) => sum + calls, 0)).toBeGreaterThan(1000);
  expect([...by].sort()).toEqual(['booking', 'connect', 'connections', 'inbound', 'upkeep', 'webhook']);
}, 60_000);
