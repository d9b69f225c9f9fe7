// npm run ops -- <command>: docs/ops-commands.md shows each.
import { openPlace } from './ops/place.ts';
import { runOps } from './ops/program.ts';
import { terminal } from './ops/terminal.ts';

process.exitCode = await runOps(process.argv.slice(2), { open: openPlace, terminal, clock: Date.now });
