import { expect, it } from '@jest/globals';
import { searchesFile, secretsIn } from './leaks.ts';
import { startSmallWorld } from './small-world.ts';
import { telling } from './workers.ts';

const secret = '1//0secret-refresh+token/of~ada';

it.each([
  ['in clear', secret],
  ['as part of a URL', encodeURIComponent(secret)],
  ['in base64', Buffer.from(secret).toString('base64')],
])('a secret written %s is found, by its place and not by its text', (_how, written) => {
  const found = secretsIn([secret, 'short'], [{ where: 'log a', lines: ['harmless', 'short'] }, { where: 'log b', lines: [`{"url":"https://x.example/?t=${written}&u"}`] }]);
  expect(found).toEqual(['log b (1//0…, 31 characters)']);
});

it.each([
  ['a table item', 'table connections'],
  ['a log line', 'logs'],
  ['a message', 'messages'],
])('a world whose simulators gave out a token does not close well where %s holds it', async (what, where) => {
  const world = await startSmallWorld();
  const { id } = await world.connect('google');
  const token = world.tokens.get(id) ?? '';
  if (what === 'a table item') world.tables.put('connections', { connection_id: id, tokens: JSON.stringify({ access_token: token }) });
  else if (what === 'a log line') telling(world.lines).log.warn('failed', { detail: `Bearer ${token}` });
  else world.changes.push({ type: 'busy.changed', connection_id: id, provider_id: 'p', cause: token });
  // What is planted here does not count.
  delete process.env[searchesFile];
  await expect(world.close()).rejects.toThrow(where);
});
