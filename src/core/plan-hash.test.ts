import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { contentHash } from './content-hash.ts';
import type { JsonObject, JsonValue } from './json-value.ts';
import { parsePlan } from './parse-plan.ts';
import { generatePlanHash, hashedContent, plansAreIdentical, validatePlanHash } from './plan-hash.ts';
import { contentOf, type PlanDocument } from './plan-schema.ts';
import { planStatuses } from './plan-vocabulary.ts';
import { anyPlanDocument, anyText, choicesOf, respelled } from './test-arbitrary-plan.ts';
import { meaningOf, planDefaults } from './test-plan-meaning.ts';

const document = readFileSync(new URL('../../docs/plan-hash.md', import.meta.url), 'utf8');

interface Vector {
  readonly about: string;
  readonly plan: JsonObject;
  readonly canonical?: string;
  readonly sha256: string;
}

const block = /```json vectors:plan-hash\n([\s\S]*?)\n```/.exec(document);
const vectors = JSON.parse(block?.[1] ?? 'null') as Vector[];

function parsed(written: unknown): PlanDocument {
  const result = parsePlan(written);
  if (!result.ok) throw new Error(JSON.stringify(result.details));
  return result.plan;
}

const hashOf = (written: unknown): string => generatePlanHash(parsed(written));

describe('the specification in docs/plan-hash.md', () => {
  test.each(vectors)('has the hash of $about', ({ plan, canonical, sha256 }) => {
    const content = hashedContent(parsed(plan));

    expect(generatePlanHash(parsed(plan))).toBe(sha256);
    expect(contentHash(content)).toBe(sha256);
    if (canonical !== undefined) expect(canonicalJson(content)).toBe(canonical);
  });

  it('has plans that are the same and plans that differ in one field', () => {
    const [minimal, writtenOut, full, ...others] = vectors.map(({ sha256 }) => sha256);

    expect(minimal).toBe(writtenOut);
    expect(others.at(-1)).toBe(others.at(-2));
    expect(new Set([minimal, full, ...others]).size).toBe(vectors.length - 2);
  });

  it('names exactly the members that are hashed, with what they are where nothing is written', () => {
    const section = document.split('\n## What enters\n')[1]?.split('\n## ')[0] ?? '';
    const rows = [...section.matchAll(/^\| `(\w+)` \| (.*) \| (.*) \|$/gm)];

    const content = hashedContent(parsed({ name: 'x', scopeType: 'workspace' })) as JsonObject;

    expect(rows.map(([, name]) => name)).toEqual(Object.keys(content));
    for (const [, name = '', what = ''] of rows) {
      const value = content[name];
      const members =
        value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.keys(value) : [];
      if (name !== 'sectionTargets') for (const member of members) expect(what).toContain(`\`${member}\``);
    }
    for (const name of ['inputSources', 'driftTypes', 'allowedOutputs'] as const) {
      const words = rows
        .find(([, member]) => member === name)?.[3]
        ?.replaceAll('`', '')
        .split(', ');
      expect(words).toEqual(planDefaults[name]);
    }
  });
});

describe('generatePlanHash', () => {
  it('is the SHA-256 of what the plan means', () => {
    fc.assert(
      fc.property(anyPlanDocument(), (written) => {
        expect(hashOf(written)).toBe(contentHash(meaningOf(written) as unknown as JsonValue));
      }),
    );
  });

  it('does not see the order of members or sets, repetitions, defaults, Unicode forms or white space', () => {
    fc.assert(
      fc.property(anyPlanDocument(), fc.nat(), (written, seed) => {
        expect(hashOf(respelled(written, seed))).toBe(hashOf(written));
      }),
    );
  });

  it('does not see the description, the status, or anything that is kept beside a plan', () => {
    fc.assert(
      fc.property(
        anyPlanDocument(),
        anyText(),
        fc.constantFrom(...planStatuses),
        (written, description, status) => {
          const plan = parsed(written);

          const stored = {
            ...plan,
            description,
            status,
            planId: 'x',
            parentId: 'y',
            version: 3,
            createdAt: 'now',
          };

          expect(generatePlanHash(stored)).toBe(generatePlanHash(plan));
          expect(generatePlanHash(contentOf(stored))).toBe(generatePlanHash(plan));
        },
      ),
    );
  });

  it('brings a plan to normal form by itself, without changing it', () => {
    fc.assert(
      fc.property(anyPlanDocument(), (written) => {
        const plan = parsed(written);
        const turned = turnedAround(plan) as PlanDocument;
        const before = structuredClone(turned);

        const hash = generatePlanHash(turned);

        expect(hash).toBe(generatePlanHash(plan));
        expect(turned).toEqual(before);
      }),
    );
  });

  it('is the same for two plans exactly when they mean the same', () => {
    fc.assert(
      fc.property(anyPlanDocument(), anyPlanDocument(), fc.nat(), (one, other, seed) => {
        const { coin } = choicesOf(seed);
        // Mostly the same plan with some fields of another.
        const mixed = { ...one, ...Object.fromEntries(Object.entries(other).filter(coin)) };
        const result = parsePlan(mixed);
        fc.pre(result.ok);

        const isSame =
          canonicalJson(meaningOf(mixed) as JsonValue) === canonicalJson(meaningOf(one) as JsonValue);
        expect(hashOf(mixed) === hashOf(one)).toBe(isSame);
      }),
    );
  });
});

/** The plan with its sets backwards. */
function turnedAround(value: unknown, isList = false): unknown {
  if (Array.isArray(value)) return isList ? value : value.map((element) => turnedAround(element)).reverse();
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [
    name,
    turnedAround(member, name === 'priorityOrder'),
  ]);
  return Object.fromEntries(members.reverse());
}

describe('every field that changes behaviour changes the hash', () => {
  const full = parsed(vectors.find(({ about }) => about === 'every field')?.plan);

  it.each(leaves(full as unknown as JsonValue).map(({ pointer }) => pointer))('%s', (pointer) => {
    const { value } = leaves(full as unknown as JsonValue).find((leaf) => leaf.pointer === pointer) as Leaf;
    const isOutside = ['/description', '/status'].includes(pointer);

    for (const other of othersOf(value)) {
      const changed = replaced(full as unknown as JsonValue, pointer, other) as unknown as PlanDocument;
      expect(generatePlanHash(changed) === generatePlanHash(full)).toBe(isOutside);
    }
  });

  it('whatever the plan and whichever the field', () => {
    fc.assert(
      fc.property(anyPlanDocument(), fc.nat(), (written, seed) => {
        const plan = contentOf(parsed(written)) as unknown as JsonValue;
        const choices = choicesOf(seed);
        const { pointer, value } = choices.one(leaves(plan));
        const other = choices.one(othersOf(value));

        const changed = replaced(plan, pointer, other) as unknown as PlanDocument;

        expect(generatePlanHash(changed)).not.toBe(hashOf(written));
      }),
    );
  });
});

interface Leaf {
  readonly pointer: string;
  readonly value: JsonValue;
}

/** Every scalar and every array of a plan, and what is within arrays of objects. */
function leaves(value: JsonValue, pointer = ''): Leaf[] {
  if (typeof value !== 'object' || value === null) return [{ pointer, value }];
  const below = Object.entries(value).flatMap(([name, member]) => leaves(member, `${pointer}/${name}`));
  if (!Array.isArray(value)) return below;
  return [{ pointer, value }, ...(typeof value[0] === 'object' ? below : [])];
}

function othersOf(value: JsonValue): JsonValue[] {
  if (Array.isArray(value)) {
    const some = typeof value[0] === 'object' ? { ...value[0], name: 'new', path: '/new' } : 'new';
    return [[...value, some], ...(value.length > 0 ? [value.slice(1)] : [])];
  }
  if (typeof value === 'string') return [`${value}y`, `x${value}`, value === 'true' ? 'false' : 'true'];
  if (typeof value === 'number') return [value + 1, value + 0.5, -value - 1];
  if (typeof value === 'boolean') return [!value];
  return ['text', 0, ''];
}

function replaced(value: JsonValue, pointer: string, other: JsonValue): JsonValue {
  const [token, ...rest] = pointer.split('/').slice(1);
  if (token === undefined) return other;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as JsonObject) }) as JsonObject;
  copy[token] = replaced(copy[token] as JsonValue, rest.map((name) => `/${name}`).join(''), other);
  return copy;
}

describe('plansAreIdentical', () => {
  it('is true of plans that behave the same, whatever they are described as', () => {
    const plan = parsed({ name: 'x', scopeType: 'workspace', driftTypes: ['presence', 'assignment'] });
    const same = parsed({
      driftTypes: ['assignment', 'presence', 'assignment'],
      scopeType: 'workspace',
      name: ' x ',
      description: 'Another',
      status: 'archived',
      thresholds: {},
    });

    expect(plansAreIdentical(plan, same)).toBe(true);
    expect(plansAreIdentical(plan, parsed({ name: 'X', scopeType: 'workspace' }))).toBe(false);
    expect(plansAreIdentical(plan, { ...plan, driftTypes: ['presence'] })).toBe(false);
  });
});

describe('validatePlanHash', () => {
  it('is true of the hash of the plan alone', () => {
    const plan = parsed({ name: 'x', scopeType: 'workspace' });
    const hash = generatePlanHash(plan);

    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(validatePlanHash(plan, hash)).toBe(true);
    expect(validatePlanHash({ ...plan, name: 'y' }, hash)).toBe(false);
    for (const other of [
      '',
      hash.toUpperCase(),
      hash.slice(1),
      ` ${hash}`,
      hash.replace(/.$/, 'g'),
      `v1:${hash}`,
    ]) {
      expect(validatePlanHash(plan, other)).toBe(false);
    }
  });

  it('finds what was changed behind our back', () => {
    fc.assert(
      fc.property(anyPlanDocument(), fc.nat(), (written, seed) => {
        const plan = contentOf(parsed(written)) as unknown as JsonValue;
        const hash = hashOf(written);
        const choices = choicesOf(seed);
        const { pointer, value } = choices.one(leaves(plan));
        const other = choices.one(othersOf(value));

        const tampered = replaced(plan, pointer, other) as unknown as PlanDocument;

        expect(validatePlanHash(tampered, hash)).toBe(false);
      }),
    );
  });
});

describe('contentOf', () => {
  it('is the plan without its description and status', () => {
    const plan = parsed({ name: 'x', scopeType: 'workspace', description: 'd', status: 'active' });

    const { description: _, status: __, ...content } = plan;
    expect(contentOf(plan)).toEqual(content);
    expect(Object.keys(contentOf(plan)).sort()).toEqual(
      Object.keys(hashedContent(plan) as JsonObject).sort(),
    );
  });
});
