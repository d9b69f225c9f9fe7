// Started and killed by a test: runs the stack of a file, tells the ids of its processes, and stays.
import { readFileSync } from 'node:fs';
import { startSandbox } from '../../../infra/local/sandbox.ts';
import type { SynthesizedStack } from '../../../infra/local/synthesis.ts';

const [file = '', folder = ''] = process.argv.slice(2);
const sandbox = await startSandbox({ folder, stack: JSON.parse(readFileSync(file, 'utf8')) as SynthesizedStack, simulators: false });
await sandbox.invoke('availability', { rawPath: '/' });
process.stdout.write(`${JSON.stringify(sandbox.pids())}\n`);
setInterval(() => undefined, 1000);
