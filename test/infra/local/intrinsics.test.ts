import { describe, expect, it } from '@jest/globals';
import { holds, resolve, resolveText } from '../../../infra/local/intrinsics.ts';
import type { Scope } from '../../../infra/local/intrinsics.ts';

const scope: Scope = {
  template: {
    Resources: { Queue: { Type: 'AWS::SQS::Queue' } },
    Parameters: { Version: { Default: '21' }, Asked: {} },
    Conditions: { Here: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'us-east-1'] }, Elsewhere: { 'Fn::Not': [{ Condition: 'Here' }] } },
    Mappings: { Zones: { 'us-east-1': { first: 'use1-az1' } } },
  },
  pseudo: { 'AWS::Region': 'us-east-1', 'AWS::AccountId': '123456789012' },
  local: (logicalId) => {
    if (logicalId !== 'Queue') throw new Error(`no ${logicalId}`);
    return { ref: 'http://localhost/queue', attributes: { Arn: 'arn:aws:sqs:us-east-1:123456789012:queue', 'Endpoint.Port': '80' } };
  },
};

describe('intrinsic functions of a template', () => {
  it.each<[string, unknown, unknown]>([
    ['a reference to a resource', { Ref: 'Queue' }, 'http://localhost/queue'],
    ['a reference to a parameter is its default', { Ref: 'Version' }, '21'],
    ['a pseudo parameter', { Ref: 'AWS::Region' }, 'us-east-1'],
    ['an attribute', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:aws:sqs:us-east-1:123456789012:queue'],
    ['an attribute in dots', { 'Fn::GetAtt': 'Queue.Endpoint.Port' }, '80'],
    ['a join over references', { 'Fn::Join': ['/', ['a', { Ref: 'AWS::Region' }]] }, 'a/us-east-1'],
    ['a selection of a split', { 'Fn::Select': [1, { 'Fn::Split': ['/', { Ref: 'Queue' }] }] }, ''],
    ['a substitution', { 'Fn::Sub': '${AWS::Region}:${Queue.Arn}:${!Literal}' }, 'us-east-1:arn:aws:sqs:us-east-1:123456789012:queue:${Literal}'],
    ['a substitution with values of its own', { 'Fn::Sub': ['${a}-${AWS::Region}', { a: { Ref: 'Version' } }] }, '21-us-east-1'],
    ['a map', { 'Fn::FindInMap': ['Zones', { Ref: 'AWS::Region' }, 'first'] }, 'use1-az1'],
    ['a choice', { 'Fn::If': ['Here', 'yes', 'no'] }, 'yes'],
    ['a choice of nothing leaves the member out', { a: { 'Fn::If': ['Elsewhere', 1, { Ref: 'AWS::NoValue' }] }, b: 2 }, { b: 2 }],
    ['and, or', { 'Fn::And': [{ Condition: 'Here' }, { 'Fn::Or': [{ Condition: 'Elsewhere' }, { Condition: 'Here' }] }] }, true],
    ['lists and objects inside out', [{ x: [{ Ref: 'Version' }] }], [{ x: ['21'] }]],
    ["a policy's Condition block stays an object", { Condition: { StringEquals: { a: { Ref: 'Version' } } } }, { Condition: { StringEquals: { a: '21' } } }],
  ])('%s', (_what, value, expected) => {
    expect(resolve(value, scope)).toEqual(expected);
  });

  it.each<[unknown, string]>([
    [{ 'Fn::ImportValue': 'x' }, 'Fn::ImportValue is not resolved here'],
    [{ Ref: 'Nobody' }, 'no Nobody'],
    [{ Ref: 'Asked' }, 'Asked has no default'],
    [{ 'Fn::GetAtt': ['Queue', 'Colour'] }, 'Queue (AWS::SQS::Queue) has no attribute Colour here'],
    [{ 'Fn::If': ['Never', 1, 2] }, 'no condition Never'],
  ])('%j is refused with a sentence', (value, sentence) => {
    expect(() => resolve(value, scope)).toThrow(sentence);
  });

  it('a resource whose condition fails does not exist', () => {
    expect(holds('Elsewhere', scope)).toBe(false);
    expect(holds('Here', scope)).toBe(true);
    expect(holds(undefined, scope)).toBe(true);
  });

  it('what should be text and is an object is refused', () => {
    expect(() => resolveText({ a: 1 }, scope)).toThrow('Expected text');
  });
});
