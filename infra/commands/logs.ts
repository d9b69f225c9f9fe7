// npm run logs -- --connection ID: the same as npm run ops -- logs.
import { openPlace } from './ops/place.ts';
import { runOps } from './ops/program.ts';
import { terminal } from './ops/terminal.ts';

process.exitCode = await runOps(['logs', ...process.argv.slice(2)], { open: openPlace, terminal, clock: Date.now });
