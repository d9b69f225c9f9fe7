// Started and killed by a test: runs the small stack, tells the ids of its processes, and stays.
import { startSandbox } from '../../../infra/local/sandbox.ts';
import { smallStack } from './small-stack.ts';

const sandbox = await startSandbox({ folder: process.argv[2] ?? '', stack: smallStack(), simulators: false });
await sandbox.invoke('availability', { rawPath: '/' });
process.stdout.write(`${JSON.stringify(sandbox.pids())}\n`);
setInterval(() => undefined, 1000);
