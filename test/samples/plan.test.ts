import { beforeAll, describe, expect, test } from 'vitest';
import { type Comparison, compare, printed, samples } from './sample-exports.ts';

/** Each finding as one line of text, with the paths of its changes. */
const outline = ({ document }: Comparison): string[] =>
  document.findings.map(({ change, driftType, label, changes }) =>
    [change, driftType, label, ...changes.map(({ path }) => path)].join(' | '),
  );

describe('samples/plan.yaml', () => {
  let everything: Comparison;
  let planned: Comparison;

  beforeAll(async () => {
    everything = await compare(samples.october, samples.november);
    planned = await compare(samples.october, samples.november, { plan: samples.plan });
  });

  test('leaves exactly these findings', () => {
    const encryptionMethod = 'device_vendor_msft_bitlocker_encryptionmethodbydrivetype';
    const osDisk = `${encryptionMethod}_encryptionmethodwithxtsosdropdown_name`;

    expect(outline(planned)).toEqual([
      'changed | configuration | CA002 – Compliant device for Microsoft 365 | /conditions/users/excludeUsers/aabc31c3-cb14-4b89-bc89-4e1a86f434c6 | /state',
      'changed | configuration | Windows - Guest Wi-Fi - v1.0 | /omaSettings/.~1Vendor~1MSFT~1WiFi~1Profile~1Contoso-Guest~1WlanXml/value',
      `changed | configuration | Windows - BitLocker - v1.5 | /settings/${encryptionMethod}/settingInstance/choiceSettingValue/children/${osDisk}/choiceSettingValue/value`,
      'changed | configuration | Windows - Defender Antivirus - v2.4 | /settings/device_vendor_msft_policy_config_defender_enablenetworkprotection | /settings/device_vendor_msft_policy_config_defender_puaprotection',
      'added | presence | Windows - Attack Surface Reduction (Block) - v1.0',
      'removed | presence | Windows - Attack Surface Reduction (Audit) - v1.0',
      'added | presence | Repair printer drivers',
    ]);
  });

  test('holds back two assignments, two descriptions and a name, and counts them', async () => {
    const gone = outline(everything).filter((line) => !outline(planned).includes(line));

    expect(gone.map((line) => line.split(' | ').slice(1, 3).join(' | '))).toEqual([
      'configuration | iOS - Compliance - v1.3',
      'assignment | Windows - Defender Antivirus - v2.4',
      'configuration | Windows - Defender Antivirus - v2.4',
      'assignment | Windows - LAPS - v1.2',
    ]);
    const { october, november, plan } = samples;
    expect(await printed(october, november, 'table', { plan })).toContain(
      'The plan held back 5 changes: 3 by noiseControls.ignoreChanges, 2 by driftTypes.',
    );
    expect(await printed(october, november, 'table')).not.toContain('held back');
  });

  test('changes no fingerprint of what stays', () => {
    const known = everything.document.findings.map(({ fingerprint }) => fingerprint);

    for (const { fingerprint } of planned.document.findings) expect(known).toContain(fingerprint);
  });

  test('does not change what was compared', () => {
    expect(planned.document.summary).toEqual(everything.document.summary);
    expect(planned.document.inputsDigest).not.toBe(everything.document.inputsDigest);
  });
});
