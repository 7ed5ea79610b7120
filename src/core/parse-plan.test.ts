import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { driftTypes, severities } from './drift-type.ts';
import { parsePointer } from './json-pointer.ts';
import type { JsonValue } from './json-value.ts';
import { builtInPlan, type PlanResult, parsePlan, parsePlanFile } from './parse-plan.ts';
import type { PlanDocumentInput } from './plan-schema.ts';
import {
  docStrategies,
  docSystems,
  inputSources,
  planOutputs,
  planScopeTypes,
  planStatuses,
} from './plan-vocabulary.ts';
import { anyPlanDocument, respelled } from './test-arbitrary-plan.ts';
import { meaningOf, normalText, planDefaults } from './test-plan-meaning.ts';
import { parseYaml } from './yaml-document.ts';

const least = { name: 'Plan', scopeType: 'workspace' } as const;

function faultsOf(result: PlanResult): string[] {
  return result.ok ? [] : result.details.map(({ pointer, detail }) => `${pointer}: ${detail}`);
}

/** Where something is wrong with the smallest plan and `fields`. */
function faultyPointers(fields: object): string[] {
  return faultsOf(parsePlan({ ...least, ...fields })).map((fault) => fault.split(':')[0] as string);
}

/** What is wrong with it, as one text. */
function complaint(fields: object): string {
  return faultsOf(parsePlan({ ...least, ...fields })).join('\n');
}

/** `value` at the end of `pointer`, through objects and arrays of one element. */
function nested(pointer: string, value: unknown): object {
  return parsePointer(pointer).reduceRight<unknown>(
    (inner, token) => (token === '0' ? [inner] : { [token]: inner }),
    value,
  ) as object;
}

it('says once what is wrong with a text', () => {
  const when = `path == "${'x'.repeat(2000)}"`;

  expect(faultsOf(parsePlan({ ...least, name: 'a\0b', eligibility: { when } }))).toEqual([
    '/name: it holds U+0000 or half a surrogate pair',
    '/eligibility/when: it is longer than 2000 characters',
  ]);
});

describe('a plan that is valid', () => {
  it('needs no more than a name and what it is for; all else has a default', () => {
    const { description, ...defaults } = planDefaults;

    const result = parsePlan(least);

    expect(result).toEqual({ ok: true, plan: { ...least, description, ...defaults } });
  });

  it('means what it says, in normal form', () => {
    fc.assert(
      fc.property(anyPlanDocument(), (written) => {
        const { status, description = '' } = written;

        const result = parsePlan(written);

        expect(faultsOf(result)).toEqual([]);
        expect(result.ok && result.plan).toEqual({
          // JSON knows no -0: the plan has 0 instead.
          ...JSON.parse(JSON.stringify(meaningOf(written))),
          description: normalText(description),
          ...(status === undefined ? {} : { status }),
        });
      }),
    );
  });

  it('means the same however it is spelled', () => {
    fc.assert(
      fc.property(anyPlanDocument(), fc.nat(), (written, seed) => {
        const other = parsePlan(respelled(written, seed));

        expect(faultsOf(other)).toEqual([]);
        expect(
          canonicalJson(meaningOf((other.ok ? other.plan : written) as PlanDocumentInput) as JsonValue),
        ).toBe(canonicalJson(meaningOf(written) as JsonValue));
      }),
    );
  });

  it('is itself when it is parsed again', () => {
    fc.assert(
      fc.property(anyPlanDocument(), (written) => {
        const once = parsePlan(written);

        const again = parsePlan(once.ok && once.plan);

        expect(again).toEqual(once);
      }),
    );
  });

  it('is not changed by being parsed', () => {
    fc.assert(
      fc.property(anyPlanDocument(), (written) => {
        const before = structuredClone(written);

        parsePlan(written);

        expect(written).toEqual(before);
      }),
    );
  });

  it('says nothing of its status where nothing was written', () => {
    const result = parsePlan(least);

    expect(result.ok && 'status' in result.plan).toBe(false);
  });

  it('tells texts apart that only look alike, and none that are the same in another Unicode form', () => {
    const reviewers = ['caf\u00e9', 'cafe\u0301', 'cafe', 'Caf\u00e9', '\u212b', '\u00c5', '\uff21'];

    const result = parsePlan({ ...least, writeback: { reviewers } });

    expect(result.ok && result.plan.writeback.reviewers).toEqual([
      'Caf\u00e9',
      'cafe',
      'caf\u00e9',
      '\u00c5',
      '\uff21',
    ]);
  });

  it('keeps the order of docTargeting.priorityOrder, each system once', () => {
    const priorityOrder = ['notion', 'confluence', 'notion', 'git'];

    const result = parsePlan({ ...least, docTargeting: { priorityOrder } });

    expect(result.ok && result.plan.docTargeting.priorityOrder).toEqual(['notion', 'confluence', 'git']);
  });

  it.each([
    ['Contoso/Infra', 'contoso/infra'],
    [' group/Sub/Project\n', 'group/sub/project'],
    // The small letter has a form of its own, the capital one has none.
    ['J\u030c/x', '\u01f0/x'],
  ])('keeps the repository %j as %j', (scopeRef, kept) => {
    const result = parsePlan({ ...least, scopeType: 'repo', scopeRef });

    expect(result.ok && result.plan.scopeRef).toBe(kept);
  });

  it('keeps the case of a service', () => {
    const result = parsePlan({ ...least, scopeType: 'service', scopeRef: ' Identity ' });

    expect(result.ok && result.plan.scopeRef).toBe('Identity');
  });

  it('is refused where the text of a condition is empty, which narrows nothing down', () => {
    const fields = (when: string | null) => ({
      noiseControls: { ignoreChanges: [{ path: '/a', when }] },
      eligibility: { when },
    });

    for (const when of ['', ' \n ']) {
      expect(faultsOf(parsePlan({ ...least, ...fields(when) }))).toEqual([
        '/eligibility/when: it is empty: leave it out where there is no condition',
        '/noiseControls/ignoreChanges/0/when: it is empty: leave it out where there is no condition',
      ]);
    }
    expect(parsePlan({ ...least, ...fields(null) }).ok).toBe(true);
  });

  it('may be as large as its bounds', () => {
    const line = (length: number) => 'x'.repeat(length);
    const fields = {
      name: line(200),
      description: line(2000),
      primaryDocId: line(500),
      noiseControls: {
        ignorePatterns: Array.from({ length: 1000 }, (_, index) => `${index}${line(490)}`),
        ignorePaths: [`/${line(999)}`],
        // One code unit in NFC, two as it is written.
        ignoreAuthors: ['e\u0301'.repeat(500)],
        ignoreChanges: [{ path: `/${'e\u0301'.repeat(999)}`, itemType: line(200), reason: line(500) }],
      },
      impactRules: {
        multipliers: Array.from({ length: 100 }, (_, index) => ({
          name: `${index}`,
          factor: 10,
          when: 'true',
        })),
      },
      budgets: { maxDriftsPerDay: 1_000_000 },
      docTargeting: { maxDocsPerDrift: 50 },
    };

    expect(faultyPointers(fields)).toEqual([]);
  });

  it('stays valid where its normal form is longer than what was written', () => {
    // Two code units in NFC.
    const path = `/${'\u0958'.repeat(500)}`;

    const result = parsePlan({ ...least, noiseControls: { ignorePaths: [path] } });

    expect(result.ok).toBe(parsePlan(result.ok ? result.plan : null).ok);
    expect(faultsOf(result)).toEqual(['/noiseControls/ignorePaths/0: it is longer than 1000 characters']);
  });
});

describe('an unknown word', () => {
  it.each([
    ['/inputSources/0', 'kubernets', 'kubernetes', inputSources],
    ['/inputSources/0', 'msgraph', 'microsoft_graph', inputSources],
    ['/inputSources/0', 'intune', null, inputSources],
    ['/driftTypes/0', 'asignment', 'assignment', driftTypes],
    ['/driftTypes/0', 'Configuration', 'configuration', driftTypes],
    ['/allowedOutputs/0', 'slak', 'slack', planOutputs],
    ['/allowedOutputs/0', 'jira_isue', 'jira_issue', planOutputs],
    ['/allowedOutputs/0', 'github_pr', 'github_pull_request', planOutputs],
    ['/scopeType', 'repos', 'repo', planScopeTypes],
    ['/status', 'activ', 'active', planStatuses],
    ['/primaryDocSystem', 'confluense', 'confluence', docSystems],
    ['/eligibility/minSeverity', 'sev5', 'sev1', severities],
    ['/docTargeting/strategy', 'primaryonly', 'primary_only', docStrategies],
    ['/docTargeting/priorityOrder/0', 'notions', 'notion', docSystems],
  ])(
    'at %s: %s is named, with all that there are and the nearest one (%s)',
    (pointer, word, nearest, words) => {
      const fields = { ...least, primaryDocId: 'x', ...nested(pointer, word) };

      const faults = faultsOf(parsePlan(fields));

      const hint = nearest === null ? '' : `; did you mean "${nearest}"?`;
      expect(faults).toEqual([`${pointer}: "${word}" is not one of ${words.join(', ')}${hint}`]);
    },
  );

  it('is refused though every object has a member called like that', () => {
    expect(faultyPointers({ driftTypes: ['constructor'], toString: 1 })).toEqual([
      '/driftTypes/0',
      '/toString',
    ]);
    expect(faultyPointers({ thresholds: JSON.parse('{"__proto__": {}}') })).toEqual([
      '/thresholds/__proto__',
    ]);
    expect(faultsOf(parsePlan(JSON.parse('{"name":"a","scopeType":"workspace","__proto__":{}}')))).toEqual([
      '/__proto__: there is no such field',
    ]);
  });
});

describe('thresholds', () => {
  const names = [
    'minConfidence',
    'minImpactScore',
    'minDriftScore',
    'ignore',
    'digestOnly',
    'notify',
    'autoApprove',
  ];
  const noShares = [
    -0.1,
    1.1,
    -1e-9,
    1.000001,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];

  it.each(names.flatMap((name) => [...noShares, '0.5', null, true, [0.5]].map((value) => ({ name, value }))))(
    '$name can not be $value',
    ({ name, value }) => {
      const pointers = faultyPointers({ thresholds: { [name]: value } });

      expect(pointers).toContain(`/thresholds/${name}`);
    },
  );

  it.each([Number.NaN, Number.POSITIVE_INFINITY, '0.9', null])(
    'that are %s are told once, and compared with nothing',
    (value) => {
      expect(faultyPointers({ thresholds: { digestOnly: value } })).toEqual(['/thresholds/digestOnly']);
    },
  );

  it.each([
    [{ ignore: 0.1, digestOnly: 0.2, notify: 0.3 }, []],
    [{ ignore: 0.1, digestOnly: 0.3, notify: 0.2 }, ['/thresholds/notify']],
    [{ ignore: 0.2, digestOnly: 0.1, notify: 0.3 }, ['/thresholds/digestOnly']],
    [{ ignore: 0.2, digestOnly: 0.3, notify: 0.1 }, ['/thresholds/notify']],
    [{ ignore: 0.3, digestOnly: 0.1, notify: 0.2 }, ['/thresholds/digestOnly']],
    [{ ignore: 0.3, digestOnly: 0.2, notify: 0.1 }, ['/thresholds/digestOnly', '/thresholds/notify']],
    [{ ignore: 0.5, digestOnly: 0.5, notify: 0.5 }, []],
    // Beside defaults: 0, 0.2 and 0.4.
    [{ ignore: 0.3 }, ['/thresholds/digestOnly']],
    [{ digestOnly: 0.41 }, ['/thresholds/notify']],
    [{ digestOnly: 0.4 }, []],
    [{ notify: 0.1 }, ['/thresholds/notify']],
    [{ notify: 0.2 }, []],
    // Around one that says nothing.
    [{ ignore: 0.9, digestOnly: 'x', notify: 0.1 }, ['/thresholds/digestOnly', '/thresholds/notify']],
  ])('%j must not fall: %j', (thresholds, pointers) => {
    expect(faultyPointers({ thresholds })).toEqual(pointers);
  });

  it('in the wrong order are named with their values', () => {
    expect(complaint({ thresholds: { digestOnly: 0.5, notify: 0.3 } })).toBe(
      '/thresholds/notify: notify (0.3) is below digestOnly (0.5): ignore ≤ digestOnly ≤ notify',
    );
  });

  it('are valid exactly where they are shares in order', () => {
    const value = fc.oneof(
      fc.double(),
      fc.constantFrom(undefined, -0, 0.2, 0.4),
      fc.double({ min: 0, max: 1 }),
    );
    fc.assert(
      fc.property(fc.tuple(value, value, value), (values) => {
        const written = Object.fromEntries(
          ['ignore', 'digestOnly', 'notify'].flatMap((name, index) =>
            values[index] === undefined ? [] : [[name, values[index]]],
          ),
        );

        const { ignore, digestOnly, notify } = { ...planDefaults.thresholds, ...written };
        const isValid = 0 <= ignore && ignore <= digestOnly && digestOnly <= notify && notify <= 1;
        expect(parsePlan({ ...least, thresholds: written }).ok).toBe(isValid);
      }),
    );
  });
});

describe('conditions', () => {
  const places = [
    '/eligibility/when',
    '/noiseControls/ignoreChanges/0/when',
    '/impactRules/multipliers/0/when',
  ];
  const at = (pointer: string, when: unknown): object => {
    const beside = pointer.startsWith('/noise') ? { path: '/a' } : { name: 'a', factor: 1 };
    return pointer === '/eligibility/when'
      ? { eligibility: { when } }
      : nested(pointer.slice(0, -'/when'.length), { ...beside, when });
  };

  it.each(places)('that do not compile are told at %s', (pointer) => {
    expect(faultyPointers(at(pointer, 'itemType =='))).toEqual([pointer]);
    expect(faultyPointers(at(pointer, '(itemType == "x"'))).toEqual([pointer]);
    expect(faultyPointers(at(pointer, 'itemType == "x'))).toEqual([pointer]);
    expect(faultyPointers(at(pointer, 'if (x) { y }'))).toContain(pointer);
  });

  it.each(places)('that name an unknown variable say which at %s', (pointer) => {
    const faults = faultsOf(parsePlan({ ...least, ...at(pointer, 'severty == "sev1"') }));

    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain('severty');
    expect(faults[0]?.startsWith(`${pointer}: `)).toBe(true);
  });

  it.each([
    ['/eligibility/when', 'before == null'],
    ['/noiseControls/ignoreChanges/0/when', 'severity == "sev1"'],
    ['/noiseControls/ignoreChanges/0/when', 'impact > 0.5'],
    ['/impactRules/multipliers/0/when', 'severity == "sev1"'],
    ['/impactRules/multipliers/0/when', 'score > 0.5'],
  ])('know only what there is at %s, and not %s', (pointer, when) => {
    expect(faultyPointers(at(pointer, when))).toEqual([pointer]);
  });

  it.each(places)('at %s must give true or false', (pointer) => {
    expect(faultyPointers(at(pointer, 'itemType'))).toEqual([pointer]);
    expect(faultyPointers(at(pointer, '1 + 1'))).toEqual([pointer]);
  });

  it.each(places)('at %s can not be too long, too deep or no text', (pointer) => {
    for (const when of [
      `${'('.repeat(20_000)}true`,
      `${'!'.repeat(1999)}true`,
      'x'.repeat(100_000),
      'a\0b',
      1,
      [],
    ]) {
      expect(new Set(faultyPointers(at(pointer, when)))).toEqual(new Set([pointer]));
    }
  });

  it('of a multiplier are needed', () => {
    const multiplier = { name: 'a', factor: 1 };

    expect(faultyPointers({ impactRules: { multipliers: [multiplier] } })).toEqual([
      '/impactRules/multipliers/0/when',
    ]);
    expect(complaint({ impactRules: { multipliers: [{ ...multiplier, when: ' ' }] } })).toBe(
      '/impactRules/multipliers/0/when: a multiplier needs a condition',
    );
  });
});

describe('what a plan is for', () => {
  it.each([
    ['workspace', undefined, true],
    ['workspace', null, true],
    ['workspace', 'identity', false],
    ['workspace', 'contoso/infra', false],
    ['workspace', '', false],
    ['service', undefined, false],
    ['service', null, false],
    ['service', '', false],
    ['service', '  ', false],
    ['service', 'identity', true],
    ['service', 'contoso/infra', true],
    ['service', 'two\nlines', false],
    ['service', 'x'.repeat(201), false],
    ['service', 5, false],
    ['repo', undefined, false],
    ['repo', null, false],
    ['repo', '', false],
    ['repo', 'contoso', false],
    ['repo', 'contoso/', false],
    ['repo', '/infra', false],
    ['repo', 'contoso//infra', false],
    ['repo', 'con toso/infra', false],
    ['repo', 'https://github.com/contoso/infra', false],
    ['repo', 'contoso/infra', true],
    ['repo', ' Contoso/Infra ', true],
    ['repo', 'group/subgroup/project', true],
    ['repo', ['contoso/infra'], false],
    // Longer in lower case, as it is kept.
    ['repo', `a/${'İ'.repeat(120)}`, false],
  ])('a %s plan with scopeRef %j: %j', (scopeType, scopeRef, isValid) => {
    const pointers = faultyPointers({ scopeType, ...(scopeRef === undefined ? {} : { scopeRef }) });

    expect(new Set(pointers)).toEqual(new Set(isValid ? [] : ['/scopeRef']));
  });

  it('must be said', () => {
    expect(faultsOf(parsePlan({ name: 'x' })).map((fault) => fault.split(':')[0])).toEqual(['/scopeType']);
  });

  it('is told with what to do about it', () => {
    expect(complaint({ scopeType: 'repo' })).toContain('owner/name');
    expect(complaint({ scopeRef: 'x' })).toContain('a workspace plan has no scopeRef');
    expect(complaint({ scopeType: 'service' })).toContain('needs the id of its service');
  });

  it('has a system of its primary document only with that document', () => {
    expect(faultyPointers({ primaryDocSystem: 'git' })).toEqual(['/primaryDocId']);
    expect(faultyPointers({ primaryDocSystem: 'git', primaryDocId: null })).toEqual(['/primaryDocId']);
    expect(faultyPointers({ primaryDocSystem: 'git', primaryDocId: 'docs/run.md' })).toEqual([]);
    expect(faultyPointers({ primaryDocId: 'docs/run.md' })).toEqual([]);
  });
});

describe('a plan', () => {
  it.each<[string, unknown[]]>([
    ['/name', [null, 1, '', '  ', 'a\nb', 'a\tb', 'a\0b', '\ud800', 'x'.repeat(201), 'x'.repeat(10_000)]],
    ['/description', [null, 1, 'a\0b', 'x'.repeat(2001), '\udc00']],
    ['/docClass', [1, '', 'x'.repeat(201), 'a\u0007']],
    ['/primaryDocId', [1, '', ' ', 'x'.repeat(501)]],
    ['/inputSources', [null, 'files', {}, []]],
    ['/driftTypes', [null, 'presence', []]],
    ['/allowedOutputs', [null, 'slack', {}]],
    ['/thresholds', [null, [], 0.5, 'x']],
    ['/eligibility', [null, [], true]],
    ['/eligibility/requiresIncident', ['true', 1, null]],
    ['/eligibility/requiresApproval', ['no', 0, null]],
    ['/sectionTargets', [null, []]],
    ['/sectionTargets/process', ['Runbook', null, Array(51).fill('x')]],
    ['/sectionTargets/process/0', ['', 1, 'a\nb', 'x'.repeat(201)]],
    ['/impactRules', [null, 1]],
    ['/impactRules/baseImpact', [-0.1, 1.1, '0.5', Number.NaN]],
    ['/impactRules/multipliers', [null, {}]],
    ['/writeback', [null]],
    ['/writeback/enabled', [null, 'yes']],
    ['/writeback/reviewers', ['ann', null, Array(51).fill('x')]],
    ['/writeback/reviewers/0', ['', null]],
    ['/noiseControls', [null, []]],
    ['/noiseControls/ignorePatterns', [null, '*', Array(1001).fill('x')]],
    ['/noiseControls/ignorePatterns/0', ['', 1, 'a\nb', 'x'.repeat(501)]],
    ['/noiseControls/ignorePaths', [null, '/a', Array(1001).fill('/a')]],
    ['/noiseControls/ignorePaths/0', ['', 'a', '/a**', '/~2', '/a\0', '/\ud800', `/${'x'.repeat(1000)}`, 1]],
    ['/noiseControls/ignorePaths/0', ['/a'.repeat(65)]],
    ['/noiseControls/ignoreAuthors/0', ['', 'x'.repeat(501)]],
    ['/noiseControls/ignoreChanges', [null, {}, Array(1001).fill({ path: '/a' })]],
    ['/noiseControls/ignoreChanges/0', [null, '/a', []]],
    ['/noiseControls/ignoreChanges/0/path', ['a', '/a**', '/~', null, 1]],
    ['/budgets', [null, 5]],
    ['/budgets/maxDriftsPerDay', [-1, 1.5, '5', 1_000_001, Number.POSITIVE_INFINITY, Number.NaN]],
    ['/budgets/maxDriftsPerWeek', [-1]],
    ['/budgets/maxNotificationsPerHour', [0.5]],
    ['/docTargeting', [null]],
    ['/docTargeting/maxDocsPerDrift', [0, 51, 1.5, null, '3']],
    ['/docTargeting/priorityOrder', [null, 'git', Array(10).fill('git')]],
  ])('has its faults at %s where they are', (pointer, values) => {
    for (const value of values) {
      expect(new Set(faultyPointers(nested(pointer, value)))).toEqual(new Set([pointer]));
    }
  });

  it.each([null, undefined, [], 'name: x', 1, true])('is not %j', (content) => {
    expect(faultsOf(parsePlan(content)).map((fault) => fault.split(':')[0])).toEqual(['']);
    expect(faultsOf(parsePlanFile(content)).map((fault) => fault.split(':')[0])).toEqual(['']);
  });

  it('has no two multipliers of one name, in whatever Unicode form', () => {
    const multipliers = ['caf\u00e9', 'Caf\u00e9', ' cafe\u0301 ', 'caf\u00e9'].map((name) => ({
      name,
      factor: 1,
      when: 'true',
    }));

    const faults = faultsOf(parsePlan({ ...least, impactRules: { multipliers } }));

    expect(faults).toEqual([
      '/impactRules/multipliers/2/name: multiplier 0 has this name already',
      '/impactRules/multipliers/3/name: multiplier 0 has this name already',
    ]);
  });

  it('does not quote a name of 10,000 characters', () => {
    expect(complaint({ name: 'x'.repeat(10_000) })).toBe('/name: it is longer than 200 characters');
    expect(complaint({ driftTypes: ['x'.repeat(10_000)] }).length).toBeLessThan(300);
  });

  it('has no fields but its own, at any depth', () => {
    const fields = {
      noiseControl: {},
      workspaceId: 'x',
      thresholds: { notfy: 0.5 },
      sectionTargets: { asignment: [] },
      noiseControls: { ignoreChanges: [{ path: '/a', pth: '/a' }] },
    };

    const faults = faultsOf(parsePlan({ ...least, ...fields }));

    expect(faults).toEqual([
      '/thresholds/notfy: there is no such field; did you mean "notify"?',
      '/sectionTargets/asignment: there is no such field; did you mean "assignment"?',
      '/noiseControls/ignoreChanges/0/pth: there is no such field; did you mean "path"?',
      '/noiseControl: there is no such field; did you mean "noiseControls"?',
      '/workspaceId: there is no such field',
    ]);
  });

  it('is told all that is wrong at once, in one order', () => {
    const content = {
      name: 'x'.repeat(10_000),
      scopeType: 'repo',
      primaryDocSystem: 'notes',
      inputSources: ['kubernets'],
      driftTypes: ['configuration', 'asignment'],
      allowedOutputs: ['slack', 'telegram'],
      thresholds: { minConfidence: 2, ignore: 0.5, digestOnly: 0.3 },
      eligibility: { when: 'nobody == "x"', minSeverity: 'high' },
      impactRules: {
        multipliers: [
          { name: 'a', factor: 11, when: 'impact >' },
          { name: 'a', factor: 1, when: 'true' },
        ],
      },
      noiseControls: {
        ignorePaths: ['name'],
        ignoreChanges: [{ path: '/a**' }, { itemType: '*', pth: '/a' }],
      },
      budgets: { maxDriftsPerDay: -1 },
      more: true,
    };

    const pointers = faultsOf(parsePlan(content)).map((fault) => fault.split(':')[0]);

    expect(pointers).toEqual([
      '/name',
      '/primaryDocSystem',
      '/inputSources/0',
      '/driftTypes/1',
      '/allowedOutputs/1',
      '/thresholds/minConfidence',
      '/eligibility/minSeverity',
      '/eligibility/when',
      '/impactRules/multipliers/0/factor',
      '/impactRules/multipliers/0/when',
      '/noiseControls/ignorePaths/0',
      '/noiseControls/ignoreChanges/0/path',
      '/noiseControls/ignoreChanges/1/path',
      '/noiseControls/ignoreChanges/1/pth',
      '/budgets/maxDriftsPerDay',
      '/more',
      '/scopeRef',
      '/primaryDocId',
      '/thresholds/digestOnly',
      '/impactRules/multipliers/1/name',
    ]);
  });

  it('is never more than refused, whatever it is', () => {
    const spoiled = fc.tuple(
      anyPlanDocument(),
      fc.dictionary(fc.constantFrom(...Object.keys(planDefaults), 'x'), fc.anything()),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.anything(),
          spoiled.map(([plan, other]) => ({ ...plan, ...other })),
        ),
        (content) => {
          const result = parsePlan(content);

          const details = result.ok ? [] : result.details;
          expect(result.ok || details.length > 0).toBe(true);
          for (const { pointer, detail } of details) {
            expect(() => parsePointer(pointer)).not.toThrow();
            expect(detail).not.toBe('');
            expect(detail.length).toBeLessThan(1000);
          }
        },
      ),
    );
  });
});

describe('a plan file', () => {
  it('that says nothing is the plan that is in force where there is none', () => {
    expect(parsePlanFile({})).toEqual({ ok: true, plan: builtInPlan });
    expect(builtInPlan).toMatchObject({ name: 'plan', scopeType: 'workspace', scopeRef: null });
  });

  it('may leave out its name and scope, and is else like any plan', () => {
    fc.assert(
      fc.property(anyPlanDocument(), (written) => {
        expect(parsePlanFile(written)).toEqual(parsePlan(written));
      }),
    );
  });

  it('without scope is for the workspace, and so has no scopeRef', () => {
    expect(faultsOf(parsePlanFile({ scopeRef: 'contoso/infra' }))).toEqual([
      '/scopeRef: a workspace plan has no scopeRef: it is for the whole workspace',
    ]);
  });

  it('that names a scope type needs what it asks for', () => {
    expect(faultsOf(parsePlanFile({ scopeType: 'repo' })).map((fault) => fault.split(':')[0])).toEqual([
      '/scopeRef',
    ]);
  });
});

describe('a plan in YAML', () => {
  it('has its faults with their lines', () => {
    const text =
      'name: Plan\nscopeType: service\nthresholds:\n  notify: 2\ndriftTypes:\n  - presence\n  - presense\n';
    const yaml = parseYaml(text);

    const result = parsePlan(yaml.ok && yaml.value);

    const details = yaml.ok && !result.ok ? yaml.withLines(result.details) : [];
    expect(details.map(({ pointer, line }) => [pointer, line])).toEqual([
      ['/driftTypes/1', 7],
      ['/thresholds/notify', 4],
      ['/scopeRef', 1],
    ]);
  });

  it('with numbers that are none is refused', () => {
    const yaml = parseYaml('name: a\nscopeType: workspace\nthresholds: {notify: .nan, autoApprove: .inf}\n');

    const result = parsePlan(yaml.ok && yaml.value);

    expect(faultsOf(result).map((fault) => fault.split(':')[0])).toEqual([
      '/thresholds/notify',
      '/thresholds/autoApprove',
    ]);
  });

  it('with an anchor bomb or a duplicate key is not read at all', () => {
    const levels = Array.from({ length: 9 }, (_, index) =>
      index === 0 ? 'a0: &a0 [x]' : `a${index}: &a${index} [${Array(9).fill(`*a${index - 1}`)}]`,
    );
    const [bomb, twice] = [`name: a\n${levels.join('\n')}`, 'name: a\nscopeType: workspace\nname: b\n'].map(
      parseYaml,
    );

    expect(bomb).toMatchObject({ ok: false, details: [{ detail: 'more than 100 aliases' }] });
    expect(twice).toMatchObject({ ok: false, details: [{ line: 3 }] });
  });
});
