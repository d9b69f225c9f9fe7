import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { editAllowlist, type Edit } from '../../../lib/operate/allowlist-edit.ts';
import { parseAllowlist } from '../../../lib/platform/allowlist.ts';

const edit = (text: string | undefined, change: Edit, percent = true) => {
  const edited = editAllowlist(text, change, { percent });
  return 'refused' in edited ? edited.refused : edited.text;
};

describe('an allowlist, edited', () => {
  it('admits whom it is told to, once, and writes none where nobody is left', () => {
    expect(edit('none', { add: ['a', 'b'] })).toBe('a,b');
    expect(edit(undefined, { add: ['a'] })).toBe('a');
    expect(edit('a  b,\nNONE', { add: ['b', 'c'] })).toBe('a,b,c');
    expect(edit('a,b', { remove: ['a', 'b', 'never there'] })).toBe('none');
    expect(edit('', { remove: ['a'] })).toBe('none');
  });

  it('has one share at most, which goes with 0', () => {
    expect(edit('a,10%', { percent: 25 })).toBe('a,25%');
    expect(edit('a,10%', { percent: 0 })).toBe('a');
    expect(edit('10%', { percent: 0 })).toBe('none');
    expect(edit('none', { percent: 2.5 })).toBe('2.5%');
    expect(edit('a', { percent: 10 }, false)).toContain('on the list of providers alone');
    for (const percent of [-1, 101, Number.NaN]) expect(edit('a', { percent })).toContain('from 0 to 100');
  });

  it('takes nothing for an id that would be read as something else', () => {
    for (const id of ['', ' ', 'a b', 'a,b', '100%', 'none', 'None', 'x'.repeat(257)]) expect(edit('a', { add: [id] })).toContain('is no id');
    expect(edit('a', { add: ['*'] })).toBe('a,*');
  });

  it('stays within what a parameter holds, and says what to do instead', () => {
    const many = Array.from({ length: 130 }, (_, n) => `${String(n).padStart(4, '0')}-8104-451b-8345-45c2bb52b483`);
    expect(edit('none', { add: many })).toContain('allow percent providers');
    expect(edit('none', { add: many }, false)).not.toContain('percent');
    expect(edit('none', { add: many.slice(0, 100) })).toHaveLength(100 * 32 + 99);
  });

  it('warns where whom it removes is admitted still', () => {
    const notes = (text: string, change: Edit) => editAllowlist(text, change, { percent: true });
    expect(notes('a,*', { remove: ['a'] })).toMatchObject({ notes: [expect.stringContaining('everybody')] });
    expect(notes('a,10%', { remove: ['a'] })).toMatchObject({ notes: [expect.stringContaining('share')] });
    expect(notes('a', { remove: ['a'] })).toMatchObject({ notes: ['It admits nobody.'] });
  });

  it('never admits anybody whom it was not told to, whatever stood there', () => {
    const id = fc.stringMatching(/^[a-z0-9-]{1,8}$/).filter((text) => text !== 'none');
    fc.assert(
      fc.property(fc.constantFrom(undefined, '', ' ', 'none', ',', ' , none'), fc.array(id, { maxLength: 3 }), fc.array(id, { maxLength: 3 }), id, (before, add, remove, other) => {
        const after = edit(before, { add, remove });
        expect(after).not.toBe('');
        expect(parseAllowlist(after, { percent: true }).allows(other)).toBe(add.includes(other));
      }),
    );
  });
});
