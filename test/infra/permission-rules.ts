import { describe, expect, it } from '@jest/globals';
import { Env, functionSettings, secretNames, settingsPath, type FunctionName, type SettingName } from '../../lib/platform/names.ts';
import { object, plain, theOne, type Resource, type Statement, type Synthesized } from './synthesized.ts';

export function permissionRules(stack: Synthesized): void {
  const prefix = `calendar-sync-${stack.stage.name}-`;
  const functions = stack.of('AWS::Lambda::Function');
  const nameOf = (fn: Resource): FunctionName => plain(fn.Properties['FunctionName']).replace(prefix, '') as FunctionName;
  const called = (name: FunctionName): Resource => theOne(functions.filter((fn) => nameOf(fn) === name), name);
  const variablesOf = (fn: Resource) => object(object(fn.Properties['Environment'])['Variables']);
  /** The table's or queue's name behind an ARN; an index as `table/index/name`. */
  const named = (arn: string): string => arn.replace(/^\$\{(\w+)\.Arn\}/, (_, id: string) => nameOfState(stack.named(id)).replace(prefix, ''));
  const parameterArn = (name: SettingName): string => `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter${settingsPath(stack.stage.name)}${name}`;

  const readsFigures = (fn: Resource, { actions, resources }: Statement): boolean => nameOf(fn) === 'ops' && actions.join() === 'cloudwatch:GetMetricData' && resources.join() === '*';

  describe('permissions', () => {
    it('never name everything: no bare * in an action or a resource, but for reading figures of CloudWatch, which knows no resources', () => {
      const bare = functions.flatMap((fn) => stack.allowed(fn).filter((statement) => !readsFigures(fn, statement)).filter(({ actions, resources }) => [...actions, ...resources].some((text) => text === '*' || text.endsWith(':*'))));
      expect(bare).toEqual([]);
    });

    it('hold a wildcard only for the key of SSM, and there only for the parameters that the function may read', () => {
      const wild = functions.flatMap((fn) => stack.allowed(fn).filter((statement) => !readsFigures(fn, statement)).filter(({ resources }) => resources.some((text) => text.includes('*'))).map((statement) => ({ fn, statement })));
      expect(wild.length).toBeGreaterThan(0);
      for (const { fn, statement } of wild) {
        const secrets = functionSettings[nameOf(fn)].filter((name) => secretNames.some((secret) => secret === name));
        expect(statement).toEqual({
          Effect: 'Allow',
          actions: ['kms:Decrypt'],
          resources: ['arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*'],
          conditions: { StringEquals: { 'kms:ViaService': ['ssm.${AWS::Region}.amazonaws.com'], 'kms:EncryptionContext:PARAMETER_ARN': secrets.map(parameterArn) } },
        });
      }
    });

    it('let a function read its own settings, in one call, and no others', () => {
      for (const fn of functions) {
        const reading = stack.allowed(fn).filter(({ actions }) => actions.some((action) => action.startsWith('ssm:')));
        const wanted = functionSettings[nameOf(fn)].map(parameterArn).sort();
        expect([nameOf(fn), reading.flatMap(({ actions }) => actions)]).toEqual([nameOf(fn), wanted.length > 0 ? ['ssm:GetParameters'] : []]);
        expect([nameOf(fn), reading.flatMap(({ resources }) => resources).sort()]).toEqual([nameOf(fn), wanted]);
        expect(variablesOf(fn)[Env.settingsPath] !== undefined).toBe(wanted.length > 0);
        expect(wanted.length).toBeLessThanOrEqual(10);
      }
    });

    it('let a webhook make its one write, its one read and its one hint, and nothing more', () => {
      for (const name of ['google-webhook', 'microsoft-webhook'] as const) {
        const touching = stack.allowed(called(name)).filter(({ actions }) => actions.some((action) => /^(dynamodb|sqs):/.test(action)));
        expect(touching.flatMap((statement) => grants(statement, named)).sort()).toEqual(['dynamodb:GetItem sync-state', 'dynamodb:UpdateItem sync-state', 'sqs:SendMessage inbound']);
      }
    });

    it('let nothing scan a table, delete one, or read a queue that another works off', () => {
      const all = functions.flatMap((fn) => stack.allowed(fn).flatMap((statement) => grants(statement, named)).map((grant) => `${nameOf(fn)}: ${grant}`));
      expect(all.filter((grant) => /Scan|DeleteTable|UpdateTable|PurgeQueue/.test(grant))).toEqual([]);
      expect(all.filter((grant) => grant.includes('ReceiveMessage'))).toEqual(['inbound-sync: sqs:ReceiveMessage inbound', 'booking-sync: sqs:ReceiveMessage booking']);
    });

    it('come with the environment: what a function is told of it may use, and what it may use it is told of', () => {
      for (const fn of functions) {
        const told = Object.values(variablesOf(fn)).map(plain).filter((value) => /^\$\{\w+\}$/.test(value)).map((value) => value.replace(/^\$\{|\}$/g, ''));
        const used = stack.allowed(fn).filter(({ actions }) => actions.some((action) => /^dynamodb:|^sqs:SendMessage$/.test(action))).flatMap(({ resources }) => resources);
        const ids = used.map((arn) => /^\$\{(\w+)\.Arn\}/.exec(arn)?.[1]);
        expect([nameOf(fn), [...new Set(told)].sort()]).toEqual([nameOf(fn), [...new Set(ids)].sort()]);
      }
    });
  });
}

const nameOfState = ({ Properties }: Resource): string => plain(Properties['TableName'] ?? Properties['QueueName'] ?? Properties['LogGroupName']);

const grants = ({ actions, resources }: Statement, named: (arn: string) => string): string[] => actions.flatMap((action) => resources.map((resource) => `${action} ${named(resource)}`));
