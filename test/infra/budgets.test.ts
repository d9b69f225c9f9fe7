// What a cold start of each function may load. Counts, so that they do not flake; a budget is raised on purpose, here, or not at all.
import { beforeAll, describe, expect, it } from '@jest/globals';
import { bundleContents, type BundleContents } from './bundle-contents.ts';

/** KB of the bundle, and files in it; a little above what there is. */
const budgets: Readonly<Record<string, readonly [number, number]>> = {
  'google-webhook': [365, 400],
  'microsoft-webhook': [365, 400],
  availability: [337, 375],
  connections: [382, 415],
  ops: [280, 375],
  upkeep: [380, 410],
  'inbound-sync': [960, 675],
  'booking-sync': [940, 670],
  connect: [920, 645],
  'sync-now': [985, 690],
};

/** What every function may load, all of it small or unavoidable. */
const usual = [
  '@aws-lambda-powertools/commons', '@aws-lambda-powertools/logger', '@aws-lambda-powertools/metrics', '@middy/core', '@aws/lambda-invoke-store',
  '@aws-sdk/client-dynamodb', '@aws-sdk/client-sqs', '@aws-sdk/client-ssm', '@aws-sdk/core', '@aws-sdk/credential-provider-env', '@aws-sdk/dynamodb-codec', '@aws-sdk/endpoint-cache',
  '@aws-sdk/middleware-endpoint-discovery', '@aws-sdk/middleware-sdk-sqs', '@smithy/core', '@smithy/node-http-handler', '@smithy/signature-v4', '@smithy/types', 'mnemonist', 'obliterator',
];
const unmarshalling = ['@aws-sdk/util-dynamodb'];
const metrics = ['@aws-sdk/client-cloudwatch', '@smithy/middleware-compression'];
/** Heavy, and only for those who talk to calendars. */
const calendars = /^(googleapis|googleapis-common|google-auth-library|gaxios|@microsoft\/|luxon|windows-iana|valibot)/;
/** Only the webhooks do without any more than the usual. */
const more: Readonly<Record<string, readonly string[]>> = { availability: unmarshalling, connections: unmarshalling, upkeep: unmarshalling, ops: [...unmarshalling, ...metrics] };
const light = ['google-webhook', 'microsoft-webhook', 'availability', 'connections', 'upkeep', 'ops'];

let contents: Record<string, BundleContents>;
beforeAll(async () => void (contents = await bundleContents()), 60_000);

describe('a cold start', () => {
  it('is budgeted for every function', () => {
    expect(Object.keys(budgets).sort()).toEqual(Object.keys(contents).sort());
  });

  it('loads no more bytes and files than its budget', () => {
    const over = Object.entries(contents).flatMap(([name, { bytes, modules }]) => {
      const [kilobytes = 0, files = 0] = budgets[name] ?? [];
      return bytes > kilobytes * 1000 || modules > files ? [`${name}: ${Math.ceil(bytes / 1000)} KB of ${kilobytes}, ${modules} files of ${files}`] : [];
    });
    expect(over).toEqual([]);
  });

  it('has budgets that mean something: none is more than a twentieth above what there is', () => {
    const loose = Object.entries(contents).filter(([name, { bytes, modules }]) => (budgets[name]?.[0] ?? 0) * 1000 > bytes * 1.05 || (budgets[name]?.[1] ?? 0) > modules * 1.05);
    expect(loose.map(([name, { bytes, modules }]) => `${name}: ${bytes}, ${modules}`)).toEqual([]);
  });

  it('of what stands in nobody’s way but the caller’s loads nothing unexpected, and no calendar client', () => {
    const unexpected = light.map((name) => [name, contents[name]?.packages.filter((one) => ![...usual, ...(more[name] ?? [])].includes(one))]);
    expect(unexpected).toEqual(light.map((name) => [name, []]));
  });

  it('loads clients of calendars only where calendars are called', () => {
    const heavy = Object.entries(contents).flatMap(([name, { packages }]) => (packages.some((one) => calendars.test(one)) ? [name] : []));
    expect(heavy.sort()).toEqual(['booking-sync', 'connect', 'inbound-sync', 'sync-now']);
  });
});
