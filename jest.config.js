import { availableParallelism } from 'node:os';

/** TypeScript is only stripped here; `npm run lint` holds the types. */
export default {
  testEnvironment: '<rootDir>/test/support/plain-environment.js',
  testSequencer: '<rootDir>/test/support/longest-first.js',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } }],
  },
  testTimeout: 20_000,
  // One more than cores: a journey waits for most of its time.
  maxWorkers: availableParallelism() + 1,
  reporters: ['default', '<rootDir>/test/support/leak-report.ts'],
};
