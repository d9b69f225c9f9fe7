import { describe, expect, it } from '@jest/globals';
import { functionSettings } from '../../lib/platform/names.ts';
import { list, object, plain, theOne, type Synthesized } from './synthesized.ts';

export function deploymentRules(stack: Synthesized): void {
  const groups = stack.of('AWS::CodeDeploy::DeploymentGroup');
  const prefix = `calendar-sync-${stack.stage.name}-`;

  describe('deployments', () => {
    it('are one for each function, a tenth of its calls first, and back where the service becomes unhealthy', () => {
      expect(groups.map(({ Properties }) => plain(Properties['DeploymentGroupName']).replace(prefix, '')).sort()).toEqual(Object.keys(functionSettings).sort());
      for (const { Properties } of groups) {
        expect(Properties).toMatchObject({ DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes', DeploymentStyle: { DeploymentOption: 'WITH_TRAFFIC_CONTROL', DeploymentType: 'BLUE_GREEN' } });
        expect(object(Properties['AutoRollbackConfiguration'])).toEqual({ Enabled: true, Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_REQUEST', 'DEPLOYMENT_STOP_ON_ALARM'] });
        const { Alarms, Enabled } = object(Properties['AlarmConfiguration']);
        const alarm = stack.named(plain(object(theOne(list(Alarms), 'alarms'))['Name']).replace(/^\$\{|\}$/g, ''));
        expect([Enabled, alarm.Type, alarm.Properties['AlarmName']]).toEqual([true, 'AWS::CloudWatch::CompositeAlarm', `${prefix}unhealthy`]);
      }
    });

    it('move aliases, and keep the versions that they may go back to', () => {
      for (const alias of stack.of('AWS::Lambda::Alias')) expect(object(alias.UpdatePolicy)['CodeDeployLambdaAliasUpdate']).toBeDefined();
      for (const { id, DeletionPolicy } of stack.of('AWS::Lambda::Version')) expect([id, DeletionPolicy]).toEqual([id, 'Retain']);
    });

    it('may move the functions of this stack, and read alarms; nothing else', () => {
      const policies = stack.of('AWS::IAM::Policy').filter(({ id }) => id.startsWith('deployments'));
      const statements = policies.flatMap(({ Properties }) => list(object(Properties['PolicyDocument'])['Statement']).map(object));
      expect(statements.map(({ Action }) => list(Action).map(plain))).toEqual([['lambda:GetAlias', 'lambda:GetProvisionedConcurrencyConfig', 'lambda:UpdateAlias'], ['cloudwatch:DescribeAlarms']]);
      expect(list(statements[0]?.['Resource']).map(plain).every((arn) => /function/.test(arn))).toBe(true);
    });
  });
}
