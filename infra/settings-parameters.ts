import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { allowlistNames, flagNames, settingsPath, type SettingName } from '../lib/platform/names.ts';
import type { Stage } from './stages.ts';

/**
 * Plants the flags, off, and the allowlists, admitting nobody; from then on they are the operator's.
 * Their text in the template is frozen: CloudFormation puts the default back, over what the operator set, with any change to one of
 * them, were it a description or a tag.
 */
export class SettingsParameters extends Construct {
  readonly path: string;

  constructor(scope: Construct, id: string, stage: Stage) {
    super(scope, id);
    this.path = settingsPath(stage.name);
    for (const name of flagNames) this.plant(name, 'false');
    for (const name of allowlistNames) this.plant(name, 'none');
  }

  /** The ARN by which a function is granted one parameter; also of secrets, which an operator makes and not this stack. */
  arn(name: SettingName): string {
    return Stack.of(this).formatArn({ service: 'ssm', resource: 'parameter', resourceName: `${this.path.slice(1)}${name}`, arnFormat: ArnFormat.SLASH_RESOURCE_NAME });
  }

  private plant(name: SettingName, value: string): void {
    const parameter = new CfnParameter(this, name, { name: this.path + name, type: 'String', value });
    parameter.overrideLogicalId(`Setting${name.replaceAll('_', '')}`);
    parameter.applyRemovalPolicy(RemovalPolicy.RETAIN);
    // The CLI and an in-process synthesis differ in whether they note a construct's path here.
    delete parameter.cfnOptions.metadata;
  }
}
