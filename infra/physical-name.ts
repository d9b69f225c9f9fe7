import type { Stage } from './stages.ts';

/** What a table, queue or function is called in its account: `calendar-sync-staging-inbound`. */
export const physicalName = (stage: Pick<Stage, 'name'>, name: string): string => `calendar-sync-${stage.name}-${name}`;
