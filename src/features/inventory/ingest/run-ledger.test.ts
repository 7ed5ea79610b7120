import { describe, expect, test } from 'vitest';
import { isEverySelectedComplete, makeLedger } from './run-ledger.ts';

const all = { problems: [], enumerated: null, selected: null, itemTypes: ['box'] };

describe('makeLedger', () => {
  test('has every type complete where all could be read', () => {
    const { entries, isComplete } = makeLedger(all);

    expect(entries).toEqual([
      { itemType: '*', status: 'complete', reason: null },
      { itemType: 'box', status: 'complete', reason: null },
    ]);
    expect(isComplete('never seen')).toBe(true);
    expect(isEverySelectedComplete(entries)).toBe(true);
  });

  test('has every type partial where something of any type could not be read', () => {
    const ledger = makeLedger({ ...all, problems: [{ code: 'invalid_json', itemType: null, count: 2 }] });

    expect(ledger.entries.map(({ status }) => status)).toEqual(['partial', 'partial']);
    expect(ledger.entries[0]?.reason).toBe('2 × invalid_json');
    expect(ledger.isComplete('never seen')).toBe(false);
    expect(isEverySelectedComplete(ledger.entries)).toBe(false);
  });

  test('has one type partial where what could not be read is known to be of it', () => {
    const ledger = makeLedger({
      ...all,
      problems: [{ code: 'missing_identity', itemType: 'crate', count: 1 }],
    });

    expect(ledger.isComplete('crate')).toBe(false);
    expect(ledger.isComplete('box')).toBe(true);
    expect(isEverySelectedComplete(ledger.entries)).toBe(false);
  });

  test('leaves complete what only has notices and set-aside items', () => {
    const problems = [
      { code: 'duplicate_item', itemType: 'box', count: 1 },
      { code: 'conflicting_items', itemType: 'box', count: 1 },
    ] as const;

    expect(makeLedger({ ...all, problems }).isComplete('box')).toBe(true);
  });

  test('checks only the types that were declared, by name or glob', () => {
    const ledger = makeLedger({ ...all, enumerated: ['b*', 'empty'], itemTypes: ['box', 'crate'] });

    expect(ledger.isComplete('box')).toBe(true);
    expect(ledger.isComplete('empty')).toBe(true);
    expect(ledger.isComplete('barrel')).toBe(true);
    expect(ledger.isComplete('crate')).toBe(false);
    expect(ledger.isComplete('never seen')).toBe(false);
    expect(isEverySelectedComplete(ledger.entries)).toBe(false);
  });

  test('is not complete where types that nobody has seen yet were not declared, unless others are selected', () => {
    const ledger = makeLedger({ ...all, enumerated: ['box'] });
    const selected = makeLedger({ ...all, enumerated: ['box'], selected: ['box'] });

    expect(ledger.entries.find(({ itemType }) => itemType === '*')?.status).toBe('not_checked');
    expect(isEverySelectedComplete(ledger.entries)).toBe(false);
    expect(isEverySelectedComplete(selected.entries)).toBe(true);
  });

  test('proves nothing where nothing was declared', () => {
    expect(isEverySelectedComplete(makeLedger({ ...all, enumerated: [] }).entries)).toBe(false);
    expect(isEverySelectedComplete(makeLedger({ ...all, enumerated: [], itemTypes: [] }).entries)).toBe(
      false,
    );
  });

  test('does not count what is not selected', () => {
    const ledger = makeLedger({ ...all, selected: ['box'], itemTypes: ['box', 'crate'] });

    expect(ledger.isComplete('crate')).toBe(false);
    expect(isEverySelectedComplete(ledger.entries)).toBe(true);
  });
});
