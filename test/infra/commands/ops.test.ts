import { describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { openPlace } from '../../../infra/commands/ops/place.ts';
import { operatorsProgram } from '../../../infra/commands/ops/program.ts';
import { failureOf } from '../../../infra/commands/ops/failure.ts';
import { terminal } from '../../../infra/commands/ops/terminal.ts';
import { operate } from '../../support/operator.ts';

const untouched = (): never => {
  throw new Error('No place is needed for that.');
};
const say = (...line: string[]) => operate(line, { open: untouched });

/** Every command by its words, groups too. */
function commandsOf(command: Command, words: readonly string[] = []): string[][] {
  return command.commands.filter((one) => one.name() !== 'help').flatMap((one) => [[...words, one.name()], ...commandsOf(one, [...words, one.name()])]);
}
const all = commandsOf(operatorsProgram({ open: untouched, terminal, clock: Date.now }, () => undefined));

describe('the operator’s command', () => {
  it('has every command that its page tells of', () => {
    const leaves = all.map((words) => words.join(' '));
    for (const command of ['status', 'flags enable', 'flags disable', 'flags all-off', 'allow add', 'allow remove', 'allow percent', 'connections list', 'connections show', 'connections sync', 'connections pause', 'connections resume', 'connections disconnect', 'bookings show', 'dlq list', 'dlq show', 'dlq redrive', 'secrets show', 'secrets set', 'secrets rotate', 'migrate', 'rollback', 'logs', 'relist']) {
      expect(leaves).toContain(command);
    }
  });

  it.each(all.map((words) => [words.join(' '), words] as const))('%s: --help tells what it does, its options and the exit codes', async (_, words) => {
    const { code, out } = await say(...words, '--help');
    expect(code).toBe(0);
    expect(out).toMatch(/^Usage: npm run ops -- /);
    for (const part of ['--stage <name>', '--json', '--yes', 'Exit codes: 0 done']) expect(out).toContain(part);
  });

  it.each([
    [['nonsense'], 'unknown command'],
    [['status', '--nonsense'], 'unknown option'],
    [['status', 'nonsense'], 'too many arguments'],
    [['flags'], 'Usage'],
    [['flags', 'enable'], 'missing required argument'],
    [['flags', 'enable', 'nonsense'], 'Flags: sync, oauth, jobs, webhook'],
    [['allow', 'add', 'providers'], 'missing required argument'],
    [['allow', 'add', 'nonsense', 'p'], 'Lists: providers'],
    [['allow', 'percent', 'providers', '101'], 'a number from 0 to 100'],
    [['allow', 'percent', 'providers', ''], 'a number from 0 to 100'],
    [['connections', 'show', 'no/id'], 'A connection id is'],
    [['connections', 'pause'], 'missing required argument'],
    [['bookings', 'show'], 'missing required argument'],
    [['dlq', 'redrive'], 'missing required argument'],
    [['dlq', 'redrive', 'nonsense'], 'Queues: inbound, booking, calendar-changes'],
    [['dlq', 'redrive', 'booking', '--limit', '0'], 'a whole number from 1'],
    [['secrets', 'set'], 'missing required argument'],
    [['secrets', 'rotate', 'nonsense'], 'Secrets: WEBHOOK_KEYS'],
    [['logs', '--since', '5'], '90s, 15m, 1h or 2d'],
    [['migrate', '--per-second', 'x'], 'a whole number from 1'],
  ])('%j is refused as a usage error, with what would do', async (line, said) => {
    const { code, notes } = await say(...line);
    expect(code).toBe(2);
    expect(notes).toContain(said);
  });

  it('says what to do where no local run is up, and names the stages where one is unknown', async () => {
    expect(await operate(['status', '--outputs', '/nowhere/outputs.json'], { open: openPlace })).toMatchObject({ code: 3, notes: expect.stringContaining('npm start') });
    expect(await operate(['status', '--stage', 'prod'], { open: openPlace })).toMatchObject({ code: 3, notes: expect.stringContaining('staging, production') });
  });

  it('tells failures of AWS by what can be done, and never repeats a message that is not ours', () => {
    const named = (name: string, message = 'Bearer ya29.secret') => Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 400 } });
    expect(failureOf(named('CredentialsProviderError'))).toMatchObject({ exitCode: 3, message: expect.stringContaining('aws sso login') });
    expect(failureOf(named('AccessDeniedException'))).toMatchObject({ exitCode: 1, message: expect.stringContaining('docs/ops-commands.md') });
    expect(failureOf(named('QueueDoesNotExist'))).toMatchObject({ exitCode: 3 });
    expect(failureOf(Object.assign(new Error(''), { code: 'ECONNREFUSED' }))).toMatchObject({ exitCode: 3, message: expect.stringContaining('npm start') });
    expect(failureOf(new Error('Region is missing'))).toMatchObject({ exitCode: 3, message: expect.stringContaining('AWS_REGION') });
    for (const name of ['Error', 'InternalServerError', 'AccessDenied']) expect(failureOf(named(name)).message).not.toContain('ya29');
  });
});
