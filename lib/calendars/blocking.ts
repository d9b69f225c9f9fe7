// What blocks: one table for both calendar providers, over facts that each adapter normalizes.

/** What the provider says of an event, in words that fit both. */
export interface BusyFacts {
  /** Deleted or cancelled. */
  readonly cancelled: boolean;
  /** Marks a place or an anniversary and takes no time: Google's `workingLocation` and `birthday`. */
  readonly marker: boolean;
  /**
   * free: Google `transparent`; Graph `free`, `workingElsewhere`. away: Google `outOfOffice`, `focusTime`; Graph `oof`.
   * unknown: Graph's `unknown` and any word that is new to us.
   */
  readonly shown: 'free' | 'busy' | 'tentative' | 'away' | 'unknown';
  /** The calendar owner's own answer. `accepted` also where none is asked for: their own events, or no attendees. */
  readonly answer: 'accepted' | 'declined' | 'tentative' | 'unanswered';
}

export interface BlockingSettings {
  /** Whether what is not settled (tentative, unanswered, unknown) blocks. Default true: unknown is never free. */
  readonly tentativeBlocks?: boolean;
}

/** Whether the event makes its owner busy. An event of ours is told by its mark, not here. */
export function blocks(facts: BusyFacts, { tentativeBlocks = true }: BlockingSettings = {}): boolean {
  if (facts.cancelled || facts.answer === 'declined') return false;
  if (facts.marker || facts.shown === 'free') return false;
  if (facts.shown === 'away') return true;
  const unsettled = facts.shown !== 'busy' || facts.answer !== 'accepted';
  return unsettled ? tentativeBlocks : true;
}

/** A zero-length or inverted range blocks its start instant: it ends one millisecond after it began. */
export const positiveRange = (start: number, end: number): { readonly start: number; readonly end: number } => ({
  start,
  end: end > start ? end : start + 1,
});
