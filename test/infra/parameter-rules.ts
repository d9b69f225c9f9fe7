import { describe, expect, it } from '@jest/globals';
import type { Synthesized } from './synthesized.ts';

/** Never to be changed: CloudFormation would put the default back over what an operator has set. */
const frozen = (stage: string): Record<string, string> => ({
  SettingCALENDARSYNCENABLED: `{"Type":"AWS::SSM::Parameter","Properties":{"Name":"/calendar-sync/${stage}/CALENDAR_SYNC_ENABLED","Type":"String","Value":"false"},"UpdateReplacePolicy":"Retain","DeletionPolicy":"Retain"}`,
  SettingCALENDAROAUTHENABLED: `{"Type":"AWS::SSM::Parameter","Properties":{"Name":"/calendar-sync/${stage}/CALENDAR_OAUTH_ENABLED","Type":"String","Value":"false"},"UpdateReplacePolicy":"Retain","DeletionPolicy":"Retain"}`,
  SettingCALENDARJOBSENABLED: `{"Type":"AWS::SSM::Parameter","Properties":{"Name":"/calendar-sync/${stage}/CALENDAR_JOBS_ENABLED","Type":"String","Value":"false"},"UpdateReplacePolicy":"Retain","DeletionPolicy":"Retain"}`,
  SettingCALENDARWEBHOOKENABLED: `{"Type":"AWS::SSM::Parameter","Properties":{"Name":"/calendar-sync/${stage}/CALENDAR_WEBHOOK_ENABLED","Type":"String","Value":"false"},"UpdateReplacePolicy":"Retain","DeletionPolicy":"Retain"}`,
  SettingCALENDARALLOWLISTPROVIDERIDS: `{"Type":"AWS::SSM::Parameter","Properties":{"Name":"/calendar-sync/${stage}/CALENDAR_ALLOWLIST_PROVIDER_IDS","Type":"String","Value":"none"},"UpdateReplacePolicy":"Retain","DeletionPolicy":"Retain"}`,
  SettingCALENDARALLOWLISTCONNECTIONIDS: `{"Type":"AWS::SSM::Parameter","Properties":{"Name":"/calendar-sync/${stage}/CALENDAR_ALLOWLIST_CONNECTION_IDS","Type":"String","Value":"none"},"UpdateReplacePolicy":"Retain","DeletionPolicy":"Retain"}`,
});

export function parameterRules(stack: Synthesized): void {
  describe('parameters', () => {
    it('are planted off and admitting nobody, in a text that never changes by a byte', () => {
      const found = Object.fromEntries(stack.of('AWS::SSM::Parameter').map(({ id }) => [id, stack.text(id)]));
      expect(found).toEqual(frozen(stack.stage.name));
    });
  });
}
