// The operator's command, put together: every file beside this one that adds commands is named here once.
import { Command, CommanderError } from 'commander';
import { allow } from './allow.ts';
import { bookings } from './bookings.ts';
import { actor, type AddCommand, type Surroundings } from './command.ts';
import { connections } from './connections.ts';
import { dlq } from './dlq.ts';
import { drill } from './drill.ts';
import { ExitCode, exitCodesHelp, failureOf } from './failure.ts';
import { flags } from './flags.ts';
import { gate } from './gate.ts';
import { logs } from './logs.ts';
import { migrations } from './migrations.ts';
import { usualOutputs } from './place.ts';
import { relistCommand } from './relist.ts';
import { secrets } from './secrets.ts';
import { status } from './status.ts';
import { verify } from './verify.ts';

const commands: readonly AddCommand[] = [status, flags, allow, connections, bookings, logs, dlq, secrets, verify, relistCommand, migrations, drill, gate];

/** Runs one command line; resolves to the exit code. */
export async function runOps(argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  let code: ExitCode = ExitCode.done;
  const program = operatorsProgram(surroundings, (ended) => (code = ended));
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
    const failure = failureOf(error);
    surroundings.terminal.note(failure.message);
    return failure.exitCode;
  }
}

/** `ended` is told the exit code of an answer. */
export function operatorsProgram(surroundings: Surroundings, ended: (code: ExitCode) => void): Command {
  const { terminal } = surroundings;
  const program = new Command('npm run ops --')
    .description('What operators see and do, on the local run or on a stage on AWS. It says what it will change before it does.')
    .option('--stage <name>', 'a stage on AWS, with the credentials of this shell (default: the local run)')
    .option('--outputs <file>', 'of the local run', usualOutputs)
    .option('--json', 'answer as JSON')
    .option('--yes', 'change without asking')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: (text) => terminal.print(text.trimEnd()), writeErr: (text) => terminal.note(text.trimEnd()) })
    .addHelpText('afterAll', exitCodesHelp)
    .showHelpAfterError('(--help tells more)')
    .allowExcessArguments(false)
    .exitOverride();
  const act = actor(surroundings, ended);
  for (const add of commands) add(program, act);
  return program;
}
