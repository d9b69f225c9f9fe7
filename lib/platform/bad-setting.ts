import type { SettingName } from './names.ts';

/** A secret that is missing, or is not the document that it should be: unknown to callers, and named to the operator, who alone can mend it. */
export class BadSetting extends Error {
  constructor(name: SettingName) {
    super(`${name} is missing, or is not the document that docs/architecture.md tells.`);
    this.name = 'BadSetting';
  }
}
