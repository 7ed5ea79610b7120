import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { getTemplateById } from '../../src/core/plan-templates.ts';
import { compare, samples } from './sample-exports.ts';

/** Each finding under the plan of a template: its severity, drift type and label. */
async function findingsUnder(templateId: string): Promise<string[]> {
  const { document, stderr } = await compare(samples.october, samples.november, {
    plan: planFile(templateId),
  });
  expect(stderr).not.toContain('condition');
  return document.findings
    .map(({ severity, driftType, label }) => `${severity} ${driftType} ${label}`)
    .sort();
}

/** The plan of a template as a file; JSON is YAML too. */
function planFile(templateId: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'driftplane-templates-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'plan.yaml');
  const plan = getTemplateById(templateId)?.plan;
  writeFileSync(
    path,
    JSON.stringify({ ...plan, scopeRef: plan?.scopeType === 'service' ? 'directory' : null }),
  );
  return path;
}

describe('on samples/contoso', () => {
  test('the baseline template tells what reaches nobody any more from other settings', async () => {
    expect(await findingsUnder('tenant_configuration_baseline')).toEqual([
      'sev1 assignment Windows - LAPS - v1.2',
      'sev1 configuration CA002 – Compliant device for Microsoft 365',
      'sev2 assignment Windows - Defender Antivirus - v2.4',
      'sev2 configuration Windows - BitLocker - v1.5',
      'sev2 configuration Windows - Defender Antivirus - v2.4',
      'sev2 presence Repair printer drivers',
      'sev2 presence Windows - Attack Surface Reduction (Audit) - v1.0',
      'sev3 configuration Windows - Guest Wi-Fi - v1.0',
      'sev3 presence Windows - Attack Surface Reduction (Block) - v1.0',
      'sev4 configuration iOS - Compliance - v1.3',
    ]);
  });

  test('the identity template puts the policy that let somebody in above all else', async () => {
    const findings = await findingsUnder('conditional_access_and_identity');

    expect(findings[0]).toBe('sev1 configuration CA002 – Compliant device for Microsoft 365');
    expect(findings.slice(1).map((finding) => finding.slice(0, 4))).toEqual([
      ...Array(8).fill('sev3'),
      'sev4',
    ]);
  });

  test('the freeze template holds nothing back and raises everything', async () => {
    expect(await findingsUnder('change_freeze')).toEqual([
      'sev1 assignment Windows - Defender Antivirus - v2.4',
      'sev1 assignment Windows - LAPS - v1.2',
      'sev1 configuration CA002 – Compliant device for Microsoft 365',
      'sev1 configuration Windows - BitLocker - v1.5',
      'sev1 configuration Windows - Defender Antivirus - v2.4',
      'sev1 presence Repair printer drivers',
      'sev1 presence Windows - Attack Surface Reduction (Audit) - v1.0',
      'sev1 presence Windows - Attack Surface Reduction (Block) - v1.0',
      'sev2 configuration Windows - Guest Wi-Fi - v1.0',
      'sev3 configuration iOS - Compliance - v1.3',
    ]);
  });
});
