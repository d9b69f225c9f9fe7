import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpNoneAuthorizer, HttpStage, LogGroupLogDestination, PayloadFormatVersion, type HttpMethod, type HttpRoute, type IHttpRouteAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { JobFunction } from './job-function.ts';
import { acknowledge } from './nag.ts';
import { physicalName } from './physical-name.ts';
import type { Stage } from './stages.ts';

type Route = `${'GET' | 'POST' | 'PATCH' | 'DELETE'} /${string}`;

/** A line for each request. No query string, path or user agent as sent: they are the caller's to fill, and nothing escapes them here. */
const accessLogLine = JSON.stringify({
  at: '$context.requestTime',
  requestId: '$context.requestId',
  route: '$context.routeKey',
  status: '$context.status',
  latencyMs: '$context.responseLatency',
  integrationStatus: '$context.integrationStatus',
  integrationLatencyMs: '$context.integrationLatency',
  responseBytes: '$context.responseLength',
  errorType: '$context.error.responseType',
  sourceIp: '$context.identity.sourceIp',
  caller: '$context.identity.userArn',
});

/** The HTTP API: webhooks that prove themselves, and routes for the booking service's and the operators' IAM identities. */
export class WebhookApi extends Construct {
  readonly url: string;
  readonly id: string;
  private readonly api: HttpApi;
  private readonly iam = new HttpIamAuthorizer();
  private readonly open = new HttpNoneAuthorizer();

  constructor(scope: Construct, id: string, stage: Stage) {
    super(scope, id);
    const name = physicalName(stage, 'api');
    this.api = new HttpApi(this, 'http', { apiName: name, createDefaultStage: false });
    this.id = this.api.apiId;
    // Under /aws/vendedlogs/, as the account's policy for log delivery is full after a few other groups.
    const log = new LogGroup(this, 'log', { logGroupName: `/aws/vendedlogs/${name}`, retention: stage.logRetention, removalPolicy: RemovalPolicy.DESTROY });
    const front = new HttpStage(this, 'stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: stage.routes.rate, burstLimit: stage.routes.burst },
      accessLogSettings: { destination: new LogGroupLogDestination(log), format: AccessLogFormat.custom(accessLogLine) },
    });
    this.url = front.url.replace(/\/$/, '');
  }

  /** Open to the world: the job must verify what it is sent. */
  webhook(route: Route, job: JobFunction): this {
    for (const added of this.add(route, integrationOf(job), this.open)) acknowledge(added, 'AwsSolutions-APIG4');
    return this;
  }

  /** Open to the world, for a person's browser: the job lets in who carries what it handed out itself. */
  person(routes: readonly Route[], job: JobFunction): this {
    const integration = integrationOf(job);
    for (const route of routes) for (const added of this.add(route, integration, this.open)) acknowledge(added, 'AwsSolutions-APIG4');
    return this;
  }

  /** For callers whom IAM allows. */
  internal(routes: readonly Route[], job: JobFunction): this {
    const integration = integrationOf(job);
    for (const route of routes) this.add(route, integration, this.iam);
    return this;
  }

  private add(route: Route, integration: HttpLambdaIntegration, authorizer: IHttpRouteAuthorizer): HttpRoute[] {
    const [method, path] = route.split(' ') as [HttpMethod, string];
    return this.api.addRoutes({ path, methods: [method], integration, authorizer });
  }
}

const integrationOf = (job: JobFunction) => new HttpLambdaIntegration(job.node.id, job.live, { payloadFormatVersion: PayloadFormatVersion.VERSION_2_0 });
