// What makes a cold start fatter or an operation dearer: nothing breaks but a budget.
import { inFile, type Sabotage } from './sabotage.ts';

const coldStart = ['infra/budgets'];
const counts = ['bench/cost'];

export const ofBudgets: readonly Sabotage[] = [
  ...inFile('functions/google-webhook.ts', coldStart, [
    { id: 'fat-webhook', breaks: 'A webhook loads no library of times.', find: "import middy from '@middy/core';\n", replace: "import middy from '@middy/core';\nimport { DateTime } from 'luxon';\nvoid DateTime.now();\n" },
  ]),
  ...inFile('functions/availability.ts', coldStart, [
    { id: 'fat-availability', breaks: 'A question for free time loads no client of a calendar.', find: "import middy from '@middy/core';\n", replace: "import middy from '@middy/core';\nimport { openGoogle } from '../lib/calendars/google/open-google.ts';\nvoid openGoogle({ apiUrl: '', clock: Date.now });\n" },
  ]),
  ...inFile('infra/bundling.ts', coldStart, [
    { id: 'fat-entries', breaks: 'Bundles are made of modules that can be shaken.', find: "['module', 'main']", replace: "['main', 'module']" },
    { id: 'fat-credentials', breaks: 'The chain of credentials that Lambda never needs stays out of the bundles.', find: "  '@aws-sdk/credential-provider-node': projectFile('lib/platform/lambda-credentials.ts'),\n", replace: '' },
  ]),
  ...inFile('lib/inbound/sync-connection.ts', counts, [
    { id: 'dear-pull-reads-twice', breaks: 'A pull reads its connection once.', find: '  const connection = await parts.connections.get(connectionId);\n', replace: '  await parts.connections.get(connectionId);\n  const connection = await parts.connections.get(connectionId);\n' },
    { id: 'dear-cursor-twice', breaks: 'A cursor is saved once.', find: '    if (!(await states.saveCursor(lease, key, row)))', replace: '    if (!(await states.saveCursor(lease, key, row)) || !(await states.saveCursor(lease, key, row)))' },
  ]),
  ...inFile('lib/ingest/receive-webhook.ts', counts, [
    { id: 'dear-hint-for-each', breaks: 'A notice to a dirty connection sends no message.', find: "recorded.outcome !== 'gone' && recorded.ring;", replace: "recorded.outcome !== 'gone';" },
  ]),
];
