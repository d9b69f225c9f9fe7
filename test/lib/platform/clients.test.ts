import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, it } from '@jest/globals';
import { cloudWatchClient, dynamoClient, sqsClient, ssmClient, steady } from '../../../lib/platform/clients.ts';

const stepsOf = ({ middlewareStack }: { readonly middlewareStack: { identify(): string[] } }): string => middlewareStack.identify().join('\n');

it('no client copies what it has read for a logger, as the SDK’s own do', () => {
  expect(stepsOf(new DynamoDBClient({ region: 'eu-central-1' }))).toContain('loggerMiddleware');
  process.env['AWS_REGION'] = 'eu-central-1';
  for (const client of [cloudWatchClient, dynamoClient, sqsClient, ssmClient]) {
    const steps = stepsOf(client(steady));
    expect(steps).toContain('retryMiddleware');
    expect(steps).not.toContain('loggerMiddleware');
  }
});
