import { expect, test } from 'vitest';
import { canonicalJson } from '../../core/canonical-json.ts';
import { contentHash } from '../../core/content-hash.ts';
import { compileItemType } from '../../core/item-type.ts';
import { itemTypeSchema } from '../../core/item-type-schema.ts';
import type { JsonObject } from '../../core/json-value.ts';
import type { DriftedItem, ItemState } from '../inventory/interval-read-model.ts';
import { itemDrift, turnAround } from './item-change.ts';

const types = Object.fromEntries(
  ['old', 'new'].map((generation) => [
    generation,
    compileItemType(
      itemTypeSchema.parse({
        itemType: 'test',
        title: generation,
        match: [{ has: ['/id'] }],
        identity: ['/id'],
        // In the old rules another rule stands first, so that a place means another thing in each.
        impact: generation === 'old' ? [{ path: '/y', baseImpact: 0.1 }] : [],
        driftTypes: [{ path: '/members/**', driftType: 'assignment' }],
      }),
    ),
  ]),
);

function rulesOf(digest: string) {
  const type = types[digest];
  if (type === undefined) throw new Error(`no rules ${digest}`);
  return type;
}

function state(facts: JsonObject, rulesDigest = 'new'): ItemState {
  return { label: 'a', facts: canonicalJson(facts), contentHash: contentHash(facts), rulesDigest };
}

function item(...steps: (readonly [ItemState | null, ItemState | null])[]): DriftedItem {
  return {
    itemType: 'test',
    externalId: 'a',
    steps: steps.map(([before, after]) => ({ before, after })),
  };
}

const told = (drifted: DriftedItem): string[] | null => {
  const drift = itemDrift(drifted, rulesOf);
  if (drift === null) return null;
  const { change, properties } = drift.change;
  return [change, ...properties.map(({ path, op, before, after }) => `${path} ${op} ${before} ${after}`)];
};

test('an item is added, removed or changed by what it is at both ends', () => {
  const added = told(item([null, state({ x: 1 })]));
  const removed = told(item([state({ x: 1 }), null]));
  const changed = told(item([state({ x: 1 }), state({ x: 2 })]));

  expect([added, removed, changed]).toEqual([['added'], ['removed'], ['changed', '/x replace 1 2']]);
});

test('the parts of the way before and after new rules are told together', () => {
  const drifted = item(
    [state({ x: 1, y: 1 }, 'old'), state({ x: 2, y: 1 }, 'old')],
    [state({ x: 2, y: 1 }), state({ x: 3, y: 2 })],
  );

  expect(told(drifted)).toEqual(['changed', '/x replace 1 3', '/y replace 1 2']);
});

test('what changed before new rules and back after them is no drift', () => {
  const back = item([state({ x: 1 }, 'old'), state({ x: 2 }, 'old')], [state({ x: 2 }), state({ x: 1 })]);
  const cameAndWent = item([null, state({ x: 1 }, 'old')], [state({ x: 1 }), null]);

  expect([told(back), told(cameAndWent)]).toEqual([null, null]);
});

test('a change under earlier rules is judged by the rules in force', () => {
  const drifted = item(
    [state({ members: ['a'], x: 1 }, 'old'), state({ members: ['a', 'b'], x: 1 }, 'old')],
    [state({ members: ['a', 'b'], x: 1 }), state({ members: ['a', 'b'], x: 2 })],
  );

  const properties = itemDrift(drifted, rulesOf)?.change.properties ?? [];

  expect(properties.map(({ path, place }) => [path, rulesOf('new').rulesAt(place).driftType])).toEqual([
    ['/members/1', 'assignment'],
    ['/x', 'configuration'],
  ]);
});

test('told the other way round, before is after', () => {
  const drifted = item([state({ x: 1 }), state({ x: 2 })]);

  expect(told(turnAround(drifted))).toEqual(['changed', '/x replace 2 1']);
  expect(told(turnAround(item([null, state({ x: 1 })])))).toEqual(['removed']);
});
