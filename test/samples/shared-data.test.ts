import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Comparison, compare, type FindingDocument, root } from './sample-exports.ts';

// Two real exports (OpenIntuneBaseline, GPL-3.0), which are not part of this repository: they lie beside it where
// it is developed. What a person finds between them is said in the README there.

const folder = join(root, '../shared/data/intune-baseline');
const isThere = existsSync(join(folder, 'v3.4')) && existsSync(join(folder, 'v3.5'));
// The name of a skipped suite is not printed by every reporter, a warning is.
if (!isThere) console.warn(`Skipped: the real exports are not there (${folder}).`);

const settingsCatalog = 'microsoft.graph.deviceManagementConfigurationPolicy';

const isSetting = ({ path }: { path: string }): boolean => path.startsWith('/settings/');

/** How many whole settings a finding adds. */
const addedSettings = ({ changes }: FindingDocument): number =>
  changes.filter(({ path, op }) => op === 'add' && /^\/settings\/[^/]+$/.test(path)).length;

describe.skipIf(!isThere)('between the real exports v3.4 and v3.5', () => {
  let comparison: Comparison;
  let changed: FindingDocument[];

  beforeAll(async () => {
    comparison = await compare(join(folder, 'v3.4'), join(folder, 'v3.5'));
    changed = comparison.document.findings.filter(({ change }) => change === 'changed');
  });

  test('64 policies became 65: 2 added, 1 removed, 5 changed', () => {
    expect(comparison.document.summary).toEqual({
      baselineItems: 64,
      currentItems: 65,
      added: 2,
      removed: 1,
      changed: 5,
      unchanged: 58,
      ambiguous: 0,
      unprovenRemovals: 0,
      unprovenAdditions: 0,
    });
  });

  test('there is one finding for each, all of them in the settings catalog', () => {
    const kinds = comparison.document.findings.map(
      ({ itemType, change, driftType }) => `${itemType} ${change} ${driftType}`,
    );

    expect(kinds.sort()).toEqual([
      ...Array(2).fill(`${settingsCatalog} added presence`),
      ...Array(5).fill(`${settingsCatalog} changed configuration`),
      `${settingsCatalog} removed presence`,
    ]);
  });

  test('the policies are these', () => {
    const names = (change: string) =>
      comparison.document.findings
        .filter((finding) => finding.change === change)
        .map(({ label }) => label.replace('Win - OIB - SC - ', ''))
        .sort();

    expect(names('added')).toEqual([
      'Device Security - D - Windows Package Manager  - v3.5',
      'Microsoft Office - U - Config and Experience - v3.5',
    ]);
    expect(names('removed')).toEqual(['Microsoft Office - U - Config and Experience - v3.0']);
    expect(names('changed')).toEqual([
      'Defender Antivirus - D - Additional Configuration - v3.5',
      'Device Security - D - Security Hardening - v3.5',
      'Device Security - D - User Rights - v3.5',
      'Device Security - U - Device Guard, Credential Guard and HVCI - v3.5',
      'Windows Hello for Business - D - Cloud Kerberos Trust - v3.5',
    ]);
  });

  test('four policies gained 1 + 3 + 1 + 2 settings, and nothing else of a setting changed in them', () => {
    const gains = changed.map(addedSettings).filter((count) => count > 0);

    expect(gains).toEqual([1, 3, 1, 2]);
    for (const finding of changed.filter((one) => addedSettings(one) > 0))
      expect(finding.changes.filter(isSetting)).toHaveLength(addedSettings(finding));
  });

  test('the fifth has one setting with another value', () => {
    const [fifth, ...more] = changed.filter((finding) => addedSettings(finding) === 0);

    expect(more).toEqual([]);
    expect(fifth?.changes.filter(isSetting)).toEqual([
      {
        path: '/settings/device_vendor_msft_policy_config_userrights_denyremotedesktopserviceslogon/settingInstance/simpleSettingCollectionValue/*S-1-2-0',
        op: 'remove',
        before: { value: '*S-1-2-0' },
        after: null,
      },
    ]);
  });

  test('all five were renamed, two are described anew, and that is all', () => {
    const others = changed.flatMap(({ changes }) => changes.filter((change) => !isSetting(change)));

    expect(others.map(({ op, path }) => `${op} ${path}`).sort()).toEqual([
      ...Array(2).fill('replace /description'),
      ...Array(5).fill('replace /name'),
    ]);
    expect(others.filter(({ path }) => path === '/description').map(({ before }) => before)).toEqual([
      '',
      '',
    ]);
  });

  test('nothing is wrong, and every type is complete', () => {
    const { problems, coverage, unprovenRemovals, unprovenAdditions, ambiguous } = comparison.document;

    expect([problems, unprovenRemovals, unprovenAdditions, ambiguous]).toEqual([[], [], [], []]);
    expect(coverage).toEqual(
      [
        'microsoft.graph.deviceCompliancePolicy',
        'microsoft.graph.deviceConfiguration',
        settingsCatalog,
        'microsoft.graph.windowsDriverUpdateProfile',
        'microsoft.graph.windowsUpdateForBusinessConfiguration',
      ].map((itemType) => ({ itemType, status: 'complete', reason: null })),
    );
  });

  test.each(['v3.4', 'v3.5'])('%s against itself: no finding', async (version) => {
    const { document } = await compare(join(folder, version), join(folder, version));

    expect(document.findings).toEqual([]);
    expect(document.summary).toMatchObject({ added: 0, removed: 0, changed: 0 });
  });
});
