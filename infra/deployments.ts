import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaApplication, LambdaDeploymentConfig, LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { JobFunction } from './job-function.ts';
import { acknowledge } from './nag.ts';
import { physicalName } from './physical-name.ts';
import type { Stage } from './stages.ts';

export interface DeploymentsProps {
  readonly stage: Stage;
  readonly jobs: readonly JobFunction[];
  /** Rings while the service is unhealthy: a new version that makes it ring is taken back. */
  readonly rollBackOn: IAlarm;
}

/** Moves each function to its new version in steps, a tenth of the calls first, and back where the alarm rings meanwhile. */
export class Deployments extends Construct {
  constructor(scope: Construct, id: string, { stage, jobs, rollBackOn }: DeploymentsProps) {
    super(scope, id);
    const application = new LambdaApplication(this, 'application', { applicationName: physicalName(stage, 'functions') });
    const role = this.deployer(jobs);
    for (const job of jobs) {
      new LambdaDeploymentGroup(this, job.node.id, {
        application,
        deploymentGroupName: physicalName(stage, job.node.id),
        deploymentConfig: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
        alias: job.alias,
        alarms: [rollBackOn],
        autoRollback: { failedDeployment: true, stoppedDeployment: true, deploymentInAlarm: true },
        // AWS's own policy for this role names every function of the account.
        role: role.withoutPolicyUpdates(),
      }).node.addDependency(role);
    }
  }

  private deployer(jobs: readonly JobFunction[]): Role {
    const role = new Role(this, 'role', { assumedBy: new ServicePrincipal('codedeploy.amazonaws.com') });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['lambda:GetAlias', 'lambda:UpdateAlias', 'lambda:GetProvisionedConcurrencyConfig'],
        resources: jobs.flatMap(({ fn, alias }) => [fn.functionArn, alias.functionArn]),
      }),
    );
    role.addToPolicy(new PolicyStatement({ actions: ['cloudwatch:DescribeAlarms'], resources: ['*'] }));
    acknowledge(role, 'AwsSolutions-IAM5[Resource::*]');
    return role;
  }
}
