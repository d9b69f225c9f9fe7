import { describe, expect, it } from '@jest/globals';
import { functionBehind, object, plain, theOne, type Synthesized } from './synthesized.ts';

const routes: Record<string, string> = {
  'POST /webhooks/google': 'NONE google-webhook',
  'POST /webhooks/microsoft': 'NONE microsoft-webhook',
  'GET /ops/metrics/calendar': 'AWS_IAM ops',
  'GET /v1/providers/{provider_id}/busy': 'AWS_IAM availability',
  'POST /v1/providers/{provider_id}/availability': 'AWS_IAM availability',
  'POST /v1/sync/outbound': 'AWS_IAM sync-now',
  'POST /v1/sync/inbound': 'AWS_IAM sync-now',
  'GET /v1/providers/{provider_id}/connections': 'AWS_IAM connections',
  'GET /v1/connections/{connection_id}': 'AWS_IAM connections',
  'PATCH /v1/connections/{connection_id}': 'AWS_IAM sync-now',
  'DELETE /v1/connections/{connection_id}': 'AWS_IAM connections',
  'DELETE /v1/providers/{provider_id}': 'AWS_IAM connections',
  'POST /v1/connections': 'AWS_IAM connections',
  'GET /connect/{start_id}': 'NONE connect',
  'GET /connect/callback': 'NONE connect',
};

export function apiRules(stack: Synthesized): void {
  describe('the HTTP API', () => {
    it('has these routes, open only where the caller proves itself by what it sends', () => {
      const found = stack.of('AWS::ApiGatewayV2::Route').map(({ Properties }) => [plain(Properties['RouteKey']), `${plain(Properties['AuthorizationType'])} ${answering(stack, plain(Properties['Target']))}`] as const);
      expect(Object.fromEntries(found)).toEqual(routes);
    });

    it('hands requests on in format 2.0, and to browsers of other sites nothing', () => {
      for (const { Properties } of stack.of('AWS::ApiGatewayV2::Integration')) expect(Properties['PayloadFormatVersion']).toBe('2.0');
      expect(theOne(stack.of('AWS::ApiGatewayV2::Api'), 'APIs').Properties['CorsConfiguration']).toBeUndefined();
    });

    it("throttles at the account's own limit, since Google never repeats a notice that was answered 429", () => {
      const stage = theOne(stack.of('AWS::ApiGatewayV2::Stage'), 'stages');
      expect(stage.Properties).toMatchObject({ StageName: '$default', AutoDeploy: true, DefaultRouteSettings: { ThrottlingRateLimit: 10_000, ThrottlingBurstLimit: 5_000 } });
    });

    it("logs each request as JSON, without anything that is the caller's to fill", () => {
      const stage = theOne(stack.of('AWS::ApiGatewayV2::Stage'), 'stages');
      const format = plain(object(stage.Properties['AccessLogSettings'])['Format']);
      const fields = Object.values(JSON.parse(format) as Record<string, string>);
      expect(fields).toEqual(expect.arrayContaining(['$context.requestId', '$context.routeKey', '$context.status', '$context.integrationLatency']));
      expect(fields.filter((field) => /path|query|agent|\.error\.message/i.test(field))).toEqual([]);
    });
  });
}

/** The function behind a route's target. */
function answering(stack: Synthesized, target: string): string {
  const integration = stack.named(target.replace(/^integrations\/\$\{|\}$/g, ''));
  return plain(functionBehind(stack, integration.Properties['IntegrationUri']).Properties['FunctionName']).replace(`calendar-sync-${stack.stage.name}-`, '');
}
