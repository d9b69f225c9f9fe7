import { describe, expect, it } from '@jest/globals';
import { localStack, text } from '../../../infra/local/template.ts';
import type { TemplateResource } from '../../../infra/local/intrinsics.ts';

const stackOf = (Resources: Record<string, TemplateResource>) => localStack({ name: 'small', assets: {}, template: { Resources } });

describe('a template that is to run on this machine', () => {
  it('is refused when it holds a type that nobody here knows, by type, name and what to do', () => {
    expect(() => stackOf({ Strange: { Type: 'AWS::Timestream::Table' } })).toThrow(/does not know AWS::Timestream::Table \(Strange\)[^]*infra\/local\/template\.ts/);
  });

  it('may hold permissions, logs and dashboards, which do nothing here but can be named', () => {
    const stack = stackOf({
      Log: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/aws/lambda/x' } },
      Role: { Type: 'AWS::IAM::Role' },
      Dashboard: { Type: 'AWS::CloudWatch::Dashboard' },
      Queue: { Type: 'AWS::SQS::Queue', Properties: { A: { Ref: 'Log' }, B: { 'Fn::GetAtt': ['Role', 'Arn'] } } },
    });
    const [queue] = stack.of('AWS::SQS::Queue');
    expect(queue && text(queue, 'A')).toBe('/aws/lambda/x');
    expect(queue && text(queue, 'B')).toBe('arn:aws:iam:us-east-1:123456789012:small-Role');
  });

  it('tells apart what does not exist from what does not run yet', () => {
    const stack = stackOf({ Queue: { Type: 'AWS::SQS::Queue', Properties: { A: { Ref: 'Ghost' }, B: { Ref: 'Table' } } }, Table: { Type: 'AWS::DynamoDB::Table' } });
    const [queue] = stack.of('AWS::SQS::Queue');
    expect(() => queue?.property('A')).toThrow('refers to Ghost, which it does not have');
    expect(() => queue?.property('B')).toThrow('Table (AWS::DynamoDB::Table) is referred to before it runs');
    stack.register('Table', { ref: 'small-table', attributes: {} });
    expect(queue?.property('B')).toBe('small-table');
  });
});
