import type { Clock } from '../../lib/platform/clock.ts';

/** Answered as a 400 with this code, as SSM's JSON 1.1 protocol does. */
export class RequestRefused extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface Stored {
  readonly Name: string;
  readonly Value: string;
  readonly Type: string;
  readonly Version: number;
  readonly LastModifiedDate: number;
}
interface PutInput {
  readonly Name?: string;
  readonly Value?: string;
  readonly Type?: string;
  readonly Overwrite?: boolean;
}
interface PathInput {
  readonly Path?: string;
  readonly Recursive?: boolean;
  readonly MaxResults?: number;
  readonly NextToken?: string;
  readonly WithDecryption?: boolean;
}

const limits = { names: 10, page: 10, bytes: 4096 };
const types = ['String', 'StringList', 'SecureString'];

/** The operations by name, over one store in memory. Standard tier: values up to 4 KB, never empty. */
export function parameterStore(clock: Clock) {
  const stored = new Map<string, Stored>();
  // Without WithDecryption a SecureString comes back as ciphertext: who forgot to ask must not get by here.
  const show = (parameter: Stored, decrypted: boolean | undefined): object =>
    parameter.Type === 'SecureString' && decrypted !== true ? { ...parameter, Value: `encrypted:${Buffer.from(parameter.Name).toString('base64')}` } : parameter;

  return {
    GetParameter: ({ Name = '', WithDecryption }: { Name?: string; WithDecryption?: boolean }) => {
      const found = stored.get(Name);
      if (found === undefined) throw new RequestRefused('ParameterNotFound', `Parameter ${Name} not found.`);
      return { Parameter: show(found, WithDecryption) };
    },
    GetParameters: ({ Names = [], WithDecryption }: { Names?: readonly string[]; WithDecryption?: boolean }) => {
      if (Names.length < 1 || Names.length > limits.names) {
        throw new RequestRefused('ValidationException', `Value at 'names' failed to satisfy constraint: Member must have length between 1 and ${limits.names}`);
      }
      const found = [...new Set(Names)].map((name) => [name, stored.get(name)] as const);
      return {
        Parameters: found.flatMap(([, parameter]) => (parameter === undefined ? [] : [show(parameter, WithDecryption)])),
        InvalidParameters: found.filter(([, parameter]) => parameter === undefined).map(([name]) => name),
      };
    },
    GetParametersByPath: ({ Path = '/', Recursive = false, MaxResults = limits.page, NextToken, WithDecryption }: PathInput) => {
      const folder = Path.endsWith('/') ? Path : `${Path}/`;
      const below = [...stored.values()]
        .filter(({ Name }) => Name.startsWith(folder) && (Recursive || !Name.slice(folder.length).includes('/')))
        .sort((a, b) => (a.Name < b.Name ? -1 : 1));
      const from = Number(NextToken ?? 0);
      const to = from + Math.min(MaxResults, limits.page);
      return { Parameters: below.slice(from, to).map((parameter) => show(parameter, WithDecryption)), ...(to < below.length ? { NextToken: String(to) } : {}) };
    },
    PutParameter: ({ Name = '', Value = '', Type, Overwrite = false }: PutInput) => {
      const old = stored.get(Name);
      refuseBadValue({ Name, Value, Type: Type ?? old?.Type });
      if (old !== undefined && !Overwrite) throw new RequestRefused('ParameterAlreadyExists', 'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.');
      const version = (old?.Version ?? 0) + 1;
      stored.set(Name, { Name, Value, Type: Type ?? old?.Type ?? '', Version: version, LastModifiedDate: clock() / 1000 });
      return { Version: version, Tier: 'Standard' };
    },
    DeleteParameter: ({ Name = '' }: { Name?: string }) => {
      if (!stored.delete(Name)) throw new RequestRefused('ParameterNotFound', `Parameter ${Name} not found.`);
      return {};
    },
    DeleteParameters: ({ Names = [] }: { Names?: readonly string[] }) => {
      const deleted = Names.filter((name) => stored.delete(name));
      return { DeletedParameters: deleted, InvalidParameters: Names.filter((name) => !deleted.includes(name)) };
    },
    DescribeParameters: () => ({ Parameters: [...stored.values()].map(({ Value: _value, ...parameter }) => parameter) }),
  } as const satisfies Record<string, (input: never) => object> as Readonly<Record<string, (input: never) => object>>;
}

function refuseBadValue({ Name, Value, Type }: { Name: string; Value: string; Type: string | undefined }): void {
  if (!/^\/?[a-zA-Z0-9_.\-/]{1,1011}$/.test(Name)) throw new RequestRefused('ValidationException', `Parameter name ${Name} is not valid.`);
  if (Value === '') throw new RequestRefused('ValidationException', "Value at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1.");
  if (Buffer.byteLength(Value) > limits.bytes) throw new RequestRefused('ValidationException', `Standard tier parameters support a maximum parameter value of ${limits.bytes} characters.`);
  if (Type === undefined) throw new RequestRefused('ValidationException', 'A parameter type is required when you create a parameter.');
  if (!types.includes(Type)) throw new RequestRefused('UnsupportedParameterType', `${Type} is not a parameter type.`);
}
