import type { JsonObject } from '../json-value.ts';
import { securityDocumentation } from './security-documentation.ts';
import { changed, describeTemplate, documentDrift, whole } from './test-template.ts';

const policy = (state: string): JsonObject => ({
  '@odata.type': '#microsoft.graph.conditionalAccessPolicy',
  id: 'ca-1',
  displayName: 'Require MFA',
  state,
});
const secret = (value: string): JsonObject => ({
  ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'signing', uid: '9' } },
  data: { value },
});
const resource = (more: JsonObject): JsonObject => ({ id: 'res-1', ...more });

describeTemplate(securityDocumentation, [
  [
    'a wrong step in an incident',
    documentDrift('process', 'security/incident-response.md'),
    ['Steps in an incident'],
    'sev1',
    'notify',
  ],
  ['a wrong contact', documentDrift('ownership', 'SECURITY.md'), ['Contacts and owners'], 'sev2', 'notify'],
  [
    'keys that are rotated otherwise',
    documentDrift('process', 'security/key-rotation.md'),
    ['Keys and secrets'],
    'sev2',
    'notify',
  ],
  ['another secret', changed(secret('a'), secret('b')), ['Keys and secrets'], 'sev2', 'notify'],
  [
    'a conditional access policy that is off',
    changed(policy('enabled'), policy('disabled')),
    ['Who has access'],
    'sev2',
    'notify',
  ],
  [
    'other trust in a role',
    changed(resource({ assume_role_policy: 'a' }), resource({ assume_role_policy: 'b' })),
    ['Who has access'],
    'sev2',
    'notify',
  ],
  [
    'a control that is not described',
    documentDrift('coverage', 'security/hardening.md'),
    ['Control without description'],
    'sev3',
    'notify',
  ],
  [
    'a control that auditors test',
    documentDrift('environment_tooling', 'controls/soc2/cc7.md'),
    ['Controls that auditors test'],
    'sev3',
    'notify',
  ],
  ['another instruction', documentDrift('instruction', 'security/scanning.md'), [], 'sev3', 'digest'],
  ['a resource that came', whole('added', resource({})), [], 'sev3', 'digest'],
  [
    'another tag',
    changed(resource({ tags: { team: 'a' } }), resource({ tags: { team: 'b' } })),
    ['Tags and labels'],
    'sev4',
    'recorded',
  ],
  [
    'what is too unsure',
    documentDrift('instruction', 'security/scanning.md', 0.4),
    [],
    'sev3',
    'thresholds.minConfidence',
  ],
  ...['CHANGELOG.md', 'docs/postmortems/2026-03-01.md', 'security/audit-reports/2025.md'].map(
    (path) =>
      [
        `what was true on its day: ${path}`,
        documentDrift('coverage', path),
        ['Control without description'],
        'sev3',
        'noiseControls.ignorePaths',
      ] as const,
  ),
]);
