import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { Validations, type App } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { reasons, type AcknowledgedFinding } from './reasons.ts';

/** From here on `app.synth()` throws on any finding that has no reason in reasons.ts. */
export function failOnFindings(app: App): void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
}

/** Answers these findings, on this construct and below, with their written reasons. */
export function acknowledge(construct: IConstruct, ...findings: readonly AcknowledgedFinding[]): void {
  Validations.of(construct).acknowledge(...findings.map((id) => ({ id, reason: reasons[id] })));
}
