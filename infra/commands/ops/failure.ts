// How a command of the operator's ends, and what is told where it could not begin.
import { MigrationRefused } from '../../../lib/operate/migrations/migration.ts';
import { safeReason } from '../../../lib/platform/telemetry.ts';

export const ExitCode = {
  done: 0,
  /** Refused, not wanted, or something was found that should not be. */
  no: 1,
  /** The command line makes no sense. */
  usage: 2,
  /** Nothing could be asked: no local run, no credentials, no such stage, no answer. */
  unreachable: 3,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export const exitCodesHelp = `
Exit codes: 0 done · 1 refused, not wanted, or something found that should not be · 2 bad arguments · 3 nothing could be asked.`;

/** Said to the operator as it stands, with what to do. */
export class Failure extends Error {
  readonly exitCode: ExitCode;
  constructor(message: string, exitCode: ExitCode = ExitCode.no) {
    super(message);
    this.name = 'Failure';
    this.exitCode = exitCode;
  }
}

const noCredentials = ['CredentialsProviderError', 'ExpiredToken', 'ExpiredTokenException', 'UnrecognizedClientException', 'InvalidClientTokenId', 'TokenProviderError'];
const noPermission = ['AccessDenied', 'AccessDeniedException', 'AuthorizationError'];

/** Whatever was thrown, as an operator can use it; a message that we did not make is not repeated, since clients put tokens in them. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof MigrationRefused) return new Failure(error.message);
  const { name, message, code } = error as { name?: string; message?: string; code?: string };
  if (noCredentials.includes(name ?? '')) return new Failure('AWS does not know who you are. Set credentials for this shell, for example: aws sso login --profile … and export AWS_PROFILE=…', ExitCode.unreachable);
  if (/region is missing/i.test(message ?? '')) return new Failure('No region is set. Say one: export AWS_REGION=…', ExitCode.unreachable);
  if (noPermission.includes(name ?? '')) return new Failure(`AWS refused this (${safeReason(error)}). docs/ops-commands.md lists what each command must be allowed.`);
  if (name === 'ResourceNotFoundException' || name === 'QueueDoesNotExist' || name === 'AWS.SimpleQueueService.NonExistentQueue') return new Failure('The stage is not there, in this account and region: a table or queue of it does not exist. Look at AWS_PROFILE and AWS_REGION, or deploy it.', ExitCode.unreachable);
  if (code === 'ECONNREFUSED' || name === 'TimeoutError' || code === 'ENOTFOUND') return new Failure('Nobody answers there. If it is the local run, start it anew: npm start', ExitCode.unreachable);
  return new Failure(`It failed: ${safeReason(error)}.`);
}
