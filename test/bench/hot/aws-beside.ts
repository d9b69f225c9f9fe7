import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TableName } from '../../../lib/platform/names.ts';
import type { Order } from './aws-process.ts';

export interface AwsBeside {
  readonly url: string;
  readonly named: Readonly<Record<TableName, string>>;
  hold(order: Partial<Order>): Promise<void>;
  end(): void;
}

/** AWS as the functions see it, in a process beside this one. */
export async function awsBeside(): Promise<AwsBeside> {
  const child = fork(fileURLToPath(new URL('aws-process.ts', import.meta.url)), { execArgv: ['--no-warnings'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const { url, named } = await told<Pick<AwsBeside, 'url' | 'named'>>(child);
  return {
    url, named,
    async hold({ rows = [], parameters = [] }) {
      // In portions, since one message of many megabytes is slow.
      for (let at = 0; at === 0 || at < rows.length; at += 2000) {
        const done = told(child);
        child.send({ rows: rows.slice(at, at + 2000), parameters });
        await done;
      }
    },
    end: () => child.disconnect(),
  };
}

const told = async <T>(child: ChildProcess): Promise<T> => (await Promise.race([once(child, 'message'), once(child, 'exit').then(() => Promise.reject(new Error('The process beside ended.')))]))[0] as T;
