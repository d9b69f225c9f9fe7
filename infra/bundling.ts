// How functions are bundled; also for who measures what is in a bundle.
import { fileURLToPath } from 'node:url';

const projectFile = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

export const bundleTarget = 'node24';
export const bundleMainFields = ['module', 'main'];
/** What Lambda never uses, replaced by a line: the reasons and the bytes stand in those files. */
export const leftOut: Readonly<Record<string, string>> = {
  '@aws-sdk/credential-provider-node': projectFile('lib/platform/lambda-credentials.ts'),
  'node-fetch': projectFile('lib/platform/native-fetch.ts'),
};
