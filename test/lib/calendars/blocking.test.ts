import { describe, expect, it } from '@jest/globals';
import type { BusyFacts } from '../../../lib/calendars/blocking.ts';
import { blocks, positiveRange } from '../../../lib/calendars/blocking.ts';

const plain: BusyFacts = { cancelled: false, marker: false, shown: 'busy', answer: 'accepted' };

describe('what blocks', () => {
  it.each<[string, Partial<BusyFacts>, boolean]>([
    ['an ordinary event', {}, true],
    ['an event shown as free', { shown: 'free' }, false],
    ['a place or a birthday, however it is shown', { marker: true, shown: 'busy' }, false],
    ['being out of office', { shown: 'away' }, true],
    ['being out of office, not answered', { shown: 'away', answer: 'unanswered' }, true],
    ['an invitation declined', { answer: 'declined' }, false],
    ['an absence declined', { shown: 'away', answer: 'declined' }, false],
    ['a cancelled event', { cancelled: true }, false],
    ['a tentative event', { shown: 'tentative' }, true],
    ['an invitation tentatively accepted', { answer: 'tentative' }, true],
    ['an invitation not answered', { answer: 'unanswered' }, true],
    ['an event of unknown state', { shown: 'unknown' }, true],
    ['an invitation not answered but shown as free', { answer: 'unanswered', shown: 'free' }, false],
  ])('%s: %j blocks: %s', (_, facts, expected) => {
    expect(blocks({ ...plain, ...facts })).toBe(expected);
  });

  it.each<[Partial<BusyFacts>, boolean]>([
    [{ shown: 'tentative' }, false],
    [{ shown: 'unknown' }, false],
    [{ answer: 'tentative' }, false],
    [{ answer: 'unanswered' }, false],
    [{ shown: 'away', answer: 'tentative' }, true],
    [{}, true],
  ])('with tentativeBlocks off, %j blocks: %s', (facts, expected) => {
    expect(blocks({ ...plain, ...facts }, { tentativeBlocks: false })).toBe(expected);
  });

  it('lets an empty or inverted range block its start instant', () => {
    expect(positiveRange(5, 5)).toEqual({ start: 5, end: 6 });
    expect(positiveRange(5, 1)).toEqual({ start: 5, end: 6 });
    expect(positiveRange(5, 9)).toEqual({ start: 5, end: 9 });
  });
});
