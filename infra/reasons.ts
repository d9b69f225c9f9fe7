/** Every finding of cdk-nag that this stack answers with a reason instead of a change. One that is not here fails the synthesis. */
export const reasons = {
  'AwsSolutions-APIG4':
    'Google and Microsoft cannot sign as an IAM caller. The function itself verifies every notice by an HMAC in the channel token or client state before it touches anything. A person who consents comes with a browser: the path carries 256 random bits made for that one consent, and the way back a state and a cookie bound to it.',
  'Serverless-SQSRedrivePolicy': 'This is a dead-letter queue. What lands here waits 14 days for an operator, whom an alarm calls.',
  'Serverless-LambdaDLQ':
    'Invoked by the gateway, by a queue that has its own dead-letter queue, or by a timer whose next tick does the same work: there is no asynchronous event to keep.',
  'Serverless-LambdaEventSourceMappingDestination': 'Lambda takes no failure destination for SQS; the queue has its dead-letter queue.',
  'Serverless-LambdaTracing': 'X-Ray can only be granted on every resource (*). Correlation ids in the structured logs and latency metrics tell what a trace would.',
  'Serverless-LambdaAsyncFailureDestination': 'A tick that failed is worth nothing a minute later: the next one reads the same tables and does the same work.',
  'Serverless-EventBusDLQ': 'A tick that could not be delivered is worth nothing a minute later: the next one reads the same tables and does the same work.',
  'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:kms:<AWS::Region>:<AWS::AccountId>:key/*]':
    "The id of the account's key aws/ssm is not known before deployment. The statement's conditions allow decryption only through SSM and only of the parameters that this function may read.",
  'AwsSolutions-SNS2': 'Says which alarm rang and no more. Encrypted with a key of its own, which alarms could use, it would cost a dollar a month to keep that from nobody.',
  'AwsSolutions-IAM5[Resource::*]':
    'CloudWatch answers about composite alarms only to who may describe all alarms, which deployments must; and GetMetricData knows neither resources nor a condition on the namespace, which the export of metrics must call. Both only read, states the one and figures the other.',
} as const;

export type AcknowledgedFinding = keyof typeof reasons;
