import { describe, expect, test } from 'vitest';
import { countInventory, generateInventory, type ItemPair } from '../../bench/generate-inventory.ts';

const counts = countInventory(2000, 10);
const inventory = [...generateInventory(counts, 1)];

function isOnBothSides(item: ItemPair): item is ItemPair & { baseline: string; current: string } {
  return item.baseline !== null && item.current !== null;
}

function withoutSaveTime(text: string): object {
  return { ...(JSON.parse(text) as object), lastModifiedDateTime: null };
}

describe('generateInventory', () => {
  test('gives the same texts for the same seed, and others for another', () => {
    const again = [...generateInventory(counts, 1)];
    const other = [...generateInventory(counts, 2)];

    expect(again).toEqual(inventory);
    expect(other[0]).not.toEqual(inventory[0]);
  });

  test('changes 1 %, adds 0.1 %, removes 0.1 % and resaves as many as it was told, exactly', () => {
    const both = inventory.filter(isOnBothSides);
    const rewritten = both.filter(({ baseline, current }) => baseline !== current);
    const resaved = rewritten.filter(
      ({ baseline, current }) =>
        JSON.stringify(withoutSaveTime(baseline)) === JSON.stringify(withoutSaveTime(current)),
    );

    expect(counts).toEqual({ items: 2000, changed: 20, added: 2, removed: 2, resaved: 198 });
    expect(inventory.filter(({ baseline }) => baseline !== null)).toHaveLength(2000);
    expect(inventory.filter(({ baseline }) => baseline === null)).toHaveLength(2);
    expect(inventory.filter(({ current }) => current === null)).toHaveLength(2);
    expect(resaved).toHaveLength(198);
    expect(rewritten.length - resaved.length).toBe(20);
  });

  test('gives each item an id of its own, which is the one in its text on both sides', () => {
    const ids = new Set(inventory.map(({ externalId }) => externalId));
    const texts = inventory.flatMap(({ externalId, baseline, current }) =>
      [baseline, current].flatMap((text) => (text === null ? [] : [{ externalId, text }])),
    );

    expect(ids.size).toBe(inventory.length);
    for (const { externalId, text } of texts) expect(JSON.parse(text)).toMatchObject({ id: externalId });
  });

  test('names no setting and no group twice in an item, so that arrays can be aligned by key', () => {
    for (const { baseline, current } of inventory) {
      const { settings, assignments } = JSON.parse((current ?? baseline) as string) as {
        settings: { settingInstance: { settingDefinitionId: string } }[];
        assignments: { target: { groupId: string } }[];
      };
      const keys = [
        ...settings.map(({ settingInstance }) => settingInstance.settingDefinitionId),
        ...assignments.map(({ target }) => target.groupId),
      ];

      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  test('gives lines of about 3.2 KB', () => {
    const sizes = inventory.flatMap(({ baseline }) =>
      baseline === null ? [] : [Buffer.byteLength(baseline)],
    );
    const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;

    expect(mean).toBeGreaterThan(3100);
    expect(mean).toBeLessThan(3300);
  });
});
