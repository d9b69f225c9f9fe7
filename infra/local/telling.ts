import type { Sandbox } from './sandbox.ts';

/** An export to fill a simulated calendar with, as read. */
export interface CalendarFile {
  readonly path: string;
  readonly ics: string;
}

export interface StoryOptions {
  /** The story ends the run: no one will look at it afterwards. */
  readonly once: boolean;
  readonly google: readonly CalendarFile[];
  readonly microsoft: readonly CalendarFile[];
  readonly print: (line: string) => void;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** What infra/local/story.ts exports as `tellStory`: true when everything happened as it should. Throws with a sentence for a person where input is bad. */
export type TellStory = (sandbox: Sandbox, options: StoryOptions) => Promise<boolean>;
