import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  /** Settles once the process is gone; says how it ended. */
  readonly ended: Promise<string>;
  /** Kills it and waits until it is gone. */
  stop(): Promise<void>;
}

export interface ChildOptions {
  readonly args?: readonly string[];
  readonly nodeOptions?: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env?: Record<string, string>;
  readonly cwd?: string;
}

/** Starts a file of this folder in its own Node process. Every such file exits when its channel to this process closes, so none survives it. */
export function startChild(file: string, options: ChildOptions = {}): Child {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), options.args ?? [], {
    execArgv: [...(options.nodeOptions ?? [])],
    env: options.env ?? {},
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const { pid } = child;
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `exit status ${code}` : `signal ${signal}`));
    child.once('error', (error) => resolve(error.message));
  });
  if (pid === undefined) throw new Error(`Could not start ${file}: is there enough memory, and is ${process.execPath} executable?`);
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  return { pid, process: child, ended, stop };
}

/** Starts a server's file and waits for the one message with which it tells where it listens. Its output goes to ours. */
export async function startServer<Address>(file: string, options: ChildOptions = {}): Promise<Child & { readonly address: Address }> {
  const child = startChild(file, options);
  let said = '';
  child.process.stdout?.pipe(process.stdout, { end: false });
  child.process.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  const address = await Promise.race([
    new Promise<Address>((resolve) => child.process.once('message', (message) => resolve(message as Address))),
    child.ended.then((how) => {
      throw new Error(`${file} ended before it served (${how}).\n${said}`);
    }),
  ]);
  child.process.stderr?.pipe(process.stderr, { end: false });
  return { ...child, address };
}
