import { describe, expect, it } from 'vitest';
import { driftTypes } from './drift-type.ts';
import { builtInPlan, parsePlan } from './plan-schema.ts';

function faultsOf(content: unknown): string[] {
  const result = parsePlan(content);
  return result.ok ? [] : result.details.map(({ pointer, detail }) => `${pointer}: ${detail}`);
}

describe('a plan', () => {
  it('counts all drift and ignores nothing where it says nothing', () => {
    expect(parsePlan({})).toEqual({ ok: true, plan: builtInPlan });
    expect(builtInPlan).toEqual({
      name: 'plan',
      description: '',
      driftTypes: [...driftTypes],
      noiseControls: { ignoreChanges: [] },
    });
  });

  it('ignores changes of every item type where it names none', () => {
    const result = parsePlan({ noiseControls: { ignoreChanges: [{ path: '/displayName' }] } });

    expect(result.ok && result.plan.noiseControls.ignoreChanges).toEqual([
      { itemType: '*', path: '/displayName' },
    ]);
  });

  it('may say all there is to say', () => {
    const content = {
      name: 'Production',
      description: 'Text',
      driftTypes: ['presence'],
      noiseControls: { ignoreChanges: [{ itemType: 'microsoft.*', path: '', reason: 'why' }] },
    };

    expect(parsePlan(content)).toEqual({ ok: true, plan: content });
  });

  it('is told all that is wrong at once', () => {
    const content = {
      name: '',
      driftTypes: ['configuration', 'asignment'],
      noiseControls: { ignoreChanges: [{ path: 'name' }, { path: '/a**' }, { itemType: '*', pth: '/a' }] },
      noiseControl: {},
    };

    const faults = faultsOf(content);

    expect(faults).toContain(
      `/driftTypes/1: "asignment" is not one of ${driftTypes.join(', ')}; did you mean "assignment"?`,
    );
    expect(faults).toContain('/noiseControls/ignoreChanges/0/path: a JSON Pointer starts with "/"');
    expect(faults).toContain('/noiseControls/ignoreChanges/1/path: "**" stands alone between slashes');
    expect(faults).toContain('/noiseControls/ignoreChanges/2/pth: there is no such field');
    expect(faults).toContain('/noiseControl: there is no such field');
    expect(faults.map((fault) => fault.split(':')[0]).sort()).toEqual([
      '/driftTypes/1',
      '/name',
      '/noiseControl',
      '/noiseControls/ignoreChanges/0/path',
      '/noiseControls/ignoreChanges/1/path',
      '/noiseControls/ignoreChanges/2/path',
      '/noiseControls/ignoreChanges/2/pth',
    ]);
  });

  it.each([
    [null, ''],
    [[], ''],
    ['text', ''],
    [{ name: 'x'.repeat(201) }, '/name'],
    [{ name: 1 }, '/name'],
    [{ description: null }, '/description'],
    [{ driftTypes: [] }, '/driftTypes'],
    [{ driftTypes: 'presence' }, '/driftTypes'],
    [{ noiseControls: null }, '/noiseControls'],
    [
      { noiseControls: { ignoreChanges: [{ itemType: '', path: '/a' }] } },
      '/noiseControls/ignoreChanges/0/itemType',
    ],
    [{ noiseControls: { ignoreChanges: Array(1001).fill({ path: '/a' }) } }, '/noiseControls/ignoreChanges'],
    [
      { noiseControls: { ignoreChanges: [{ path: `/${'x'.repeat(1000)}` }] } },
      '/noiseControls/ignoreChanges/0/path',
    ],
  ])('is not %j', (content, pointer) => {
    const faults = faultsOf(content);

    expect(faults.map((fault) => fault.split(':')[0])).toEqual([pointer]);
  });
});
