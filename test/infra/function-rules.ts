import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { functionSettings } from '../../lib/platform/names.ts';
import { functionBehind, list, object, plain, theOne, type Json, type Resource, type Synthesized } from './synthesized.ts';

const entries = readdirSync(new URL('../../functions/', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map(({ name }) => name.replace(/\.ts$/, ''))
  .sort();

export function functionRules(stack: Synthesized): void {
  const prefix = `calendar-sync-${stack.stage.name}-`;
  const functions = stack.of('AWS::Lambda::Function');
  const nameOf = (fn: Resource): string => plain(fn.Properties['FunctionName']).replace(prefix, '');
  const called = (name: string): Resource => theOne(functions.filter((fn) => nameOf(fn) === name), name);
  const reference = (value: Json | undefined): Resource => stack.named(plain(value).replace(/^\$\{|(\.Arn)?\}$/g, ''));

  describe('functions', () => {
    it('are one for each file, each with settings of its own and something that calls it', () => {
      const routed = stack.of('AWS::ApiGatewayV2::Integration').map(({ Properties }) => nameOf(functionBehind(stack, Properties['IntegrationUri'])));
      const fed = stack.of('AWS::Lambda::EventSourceMapping').map(({ Properties }) => nameOf(functionBehind(stack, Properties['FunctionName'])));
      const timed = stack.of('AWS::Events::Rule').flatMap(({ Properties }) => list(Properties['Targets']).map((target) => nameOf(functionBehind(stack, object(target)['Arn']))));
      expect(functions.map(nameOf).sort()).toEqual(entries);
      expect(Object.keys(functionSettings).sort()).toEqual(entries);
      expect([...routed, ...fed, ...timed].sort()).toEqual(entries);
    });

    it('run Node 24 on arm64, with the memory and time of their stage', () => {
      for (const fn of functions) {
        const numbers = stack.stage.functions[nameOf(fn) as keyof typeof functionSettings];
        expect([nameOf(fn), fn.Properties['Architectures'], fn.Properties['Runtime']]).toEqual([nameOf(fn), ['arm64'], 'nodejs24.x']);
        expect([nameOf(fn), fn.Properties['MemorySize'], fn.Properties['Timeout']]).toEqual([nameOf(fn), numbers.memoryMb, numbers.timeoutSeconds]);
      }
    });

    it('write JSON to a log of their own, which forgets', () => {
      const groups = functions.map((fn) => {
        const { LogFormat, LogGroup } = object(fn.Properties['LoggingConfig']);
        expect([nameOf(fn), LogFormat]).toEqual([nameOf(fn), 'JSON']);
        return reference(LogGroup);
      });
      expect(new Set(groups).size).toBe(functions.length);
      for (const { Properties } of stack.of('AWS::Logs::LogGroup')) expect(Properties['RetentionInDays']).toBeGreaterThan(0);
    });

    it('leave start and report of what went well to the metrics in webhooks alone, which run for every notice', () => {
      const levels = functions.map((fn) => [nameOf(fn), object(fn.Properties['LoggingConfig'])['SystemLogLevel']]);
      expect(levels.filter(([, level]) => level !== 'INFO').sort()).toEqual([['google-webhook', 'WARN'], ['microsoft-webhook', 'WARN']]);
    });

    it('have each a role of their own, without a policy of others', () => {
      const roles = functions.map((fn) => reference(fn.Properties['Role']));
      expect(new Set(roles).size).toBe(functions.length);
      for (const role of stack.of('AWS::IAM::Role')) expect([role.id, role.Properties['ManagedPolicyArns']]).toEqual([role.id, undefined]);
    });

    it('find under 4 KB in their environment', () => {
      for (const fn of functions) {
        const variables = Object.entries(object(object(fn.Properties['Environment'])['Variables']));
        const size = variables.map(([name, value]) => name.length + plain(value).length).reduce((sum, length) => sum + length, 0);
        expect(size).toBeLessThan(4096);
      }
    });

    it('answer webhooks within the 3 s or so that senders wait, in bounded numbers', () => {
      for (const name of ['google-webhook', 'microsoft-webhook']) {
        expect(called(name).Properties['Timeout']).toBeLessThanOrEqual(5);
        expect(called(name).Properties['ReservedConcurrentExecutions']).toBeGreaterThan(0);
      }
    });

    it('end before the gateway gives up at 30 s, where the gateway calls them', () => {
      for (const { Properties } of stack.of('AWS::ApiGatewayV2::Integration')) expect(functionBehind(stack, Properties['IntegrationUri']).Properties['Timeout']).toBeLessThan(30);
    });
  });

  describe('the timer', () => {
    it('rings upkeep every minute, one tick at a time, and drops what is late or failed', () => {
      const rule = theOne(stack.of('AWS::Events::Rule'), 'rules');
      const dropped = { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 };
      expect(rule.Properties).toMatchObject({ ScheduleExpression: 'rate(1 minute)', State: 'ENABLED' });
      expect(object(theOne(list(rule.Properties['Targets']), 'targets'))['RetryPolicy']).toEqual(dropped);
      expect(theOne(stack.of('AWS::Lambda::EventInvokeConfig'), 'invoke configurations').Properties).toMatchObject(dropped);
      expect(called('upkeep').Properties['ReservedConcurrentExecutions']).toBe(1);
    });
  });

  describe('names', () => {
    it('stay within what AWS takes', () => {
      const limits: Record<string, number> = { FunctionName: 64, QueueName: 80, TableName: 255, LogGroupName: 512, RoleName: 64 };
      for (const { Properties } of stack.resources) {
        for (const [property, limit] of Object.entries(limits)) if (typeof Properties[property] === 'string') expect(Properties[property]?.length).toBeLessThanOrEqual(limit);
      }
      for (const { Properties } of stack.of('AWS::SSM::Parameter')) expect(plain(Properties['Name']).length).toBeLessThanOrEqual(1011);
    });
  });
}
