// Types are held by tsc; here stand the rules that types can't say: which way imports may run, and what is never left behind.
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const rooms = ['ingest', 'inbound', 'outbound', 'availability', 'connect', 'upkeep', 'operate'];
const outside = ['@middy/*', '@aws-lambda-powertools/*'];
/** Forbids imports by path, relative as they are all written. */
const mayNot = (files, group, message) => ({ files, rules: { 'no-restricted-imports': ['error', { patterns: [{ group, message }] }] } });

export default tseslint.config(
  { ignores: ['node_modules/', 'cdk.out/', '.sandbox/', 'coverage/'] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
    },
  },
  { files: ['**/*.mjs', '**/*.js'], languageOptions: { globals: { process: 'readonly', URL: 'readonly', console: 'readonly', setTimeout: 'readonly', setInterval: 'readonly', globalThis: 'readonly' } } },
  // functions → lib; rooms → calendars, platform; nothing imports functions, and only functions know middy and Powertools.
  ...rooms.map((room) =>
    mayNot([`lib/${room}/**`], [...rooms.filter((other) => other !== room).map((other) => `**/${other}/**`), '**/functions/**', '**/infra/**', '**/test/**', ...outside], 'Rooms don’t import each other: what they share is a message, a row of platform, or an argument.'),
  ),
  mayNot(['lib/calendars/**', 'lib/platform/**'], [...rooms.map((room) => `**/${room}/**`), '**/functions/**', '**/infra/**', '**/test/**', ...outside], 'calendars and platform serve the rooms and know none of them.'),
  mayNot(['functions/**'], ['**/infra/**', '**/test/**'], 'Functions are made of lib alone.'),
  mayNot(['infra/*.ts'], ['**/functions/**', ...rooms.map((room) => `**/lib/${room}/**`), '**/lib/calendars/**', '**/test/**', ...outside], 'The stack takes names from lib/platform, and no code.'),
  mayNot(['infra/local/**'], ['**/functions/**', ...rooms.map((room) => `**/lib/${room}/**`), ...outside], 'The local run knows the template, not the code in it.'),
);
