import type { JsonObject } from '../json-value.ts';
import { infrastructure } from './infrastructure.ts';
import { changed, describeTemplate, documentDrift, whole } from './test-template.ts';

/** A resource of Terraform with its attributes. */
const resource = (more: JsonObject): JsonObject => ({ id: 'res-1', ...more });
const kubernetes = (kind: string, more: JsonObject, labels: JsonObject = {}): JsonObject => ({
  ...{ apiVersion: 'v1', kind, metadata: { name: 'platform', uid: '1f', labels } },
  ...more,
});
const secret = (value: string): JsonObject => kubernetes('Secret', { data: { token: value } });
const role = (...verbs: string[]): JsonObject => kubernetes('ClusterRole', { rules: [{ verbs }] });
const deployment = (replicas: number): JsonObject => kubernetes('Deployment', { spec: { replicas } });
const webhook = (caBundle: string): JsonObject =>
  kubernetes('ValidatingWebhookConfiguration', { webhooks: [{ name: 'a', clientConfig: { caBundle } }] });
const definition = (caBundle: string): JsonObject =>
  kubernetes('CustomResourceDefinition', {
    spec: { conversion: { webhook: { clientConfig: { caBundle } } } },
  });

describeTemplate(infrastructure, [
  [
    'a security group that opens',
    changed(
      resource({ ingress: [{ cidr_blocks: ['10.0.0.0/8'] }] }),
      resource({ ingress: [{ cidr_blocks: ['0.0.0.0/0'] }] }),
    ),
    ['Who can reach it'],
    'sev1',
    'notify',
  ],
  [
    'a bucket that lets the public in',
    changed(resource({ block_public_acls: true }), resource({ block_public_acls: false })),
    ['Who can reach it'],
    'sev1',
    'notify',
  ],
  [
    'other trust in a role',
    changed(resource({ assume_role_policy: '{"a":1}' }), resource({ assume_role_policy: '{"a":2}' })),
    ['Who may do what'],
    'sev1',
    'notify',
  ],
  [
    'more verbs of a role',
    changed(role('get'), role('get', 'delete')),
    ['Who may do what'],
    'sev1',
    'notify',
  ],
  [
    'protection that is off',
    changed(resource({ deletion_protection: true }), resource({ deletion_protection: false })),
    ['Protection against loss'],
    'sev1',
    'notify',
  ],
  ['a resource that is gone', whole('removed', resource({})), ['Gone'], 'sev1', 'notify'],
  [
    'a resource that nobody described',
    whole('added', resource({})),
    ['Nobody described it'],
    'sev3',
    'notify',
  ],
  ['another secret', changed(secret('a'), secret('b')), ['Secret of a cluster'], 'sev2', 'notify'],
  [
    'a larger machine',
    changed(resource({ instance_type: 'm5.large' }), resource({ instance_type: 'm5.xlarge' })),
    [],
    'sev3',
    'digest',
  ],
  [
    'another tag',
    changed(resource({ tags: { team: 'a' } }), resource({ tags: { team: 'b' } })),
    ['Tags and labels'],
    'sev4',
    'recorded',
  ],
  [
    'recovery steps that are wrong',
    documentDrift('process', 'docs/disaster-recovery.md'),
    ['Recovery steps'],
    'sev1',
    'notify',
  ],
  ['another version of a tool', documentDrift('environment_tooling', 'README.md'), [], 'sev3', 'digest'],
  ['what may be undocumented', documentDrift('coverage', 'README.md', 0.7), [], 'sev3', 'eligibility.when'],
  ['what is scaled to zero', changed(deployment(2), deployment(0)), [], 'sev3', 'digest'],
  ['an autoscaler at work', changed(deployment(2), deployment(4)), [], 'sev3', 'noiseControls.ignoreChanges'],
  [
    'a webhook with a new certificate',
    changed(webhook('a'), webhook('b')),
    [],
    'sev3',
    'noiseControls.ignoreChanges',
  ],
  [
    'a conversion with a new certificate',
    changed(definition('a'), definition('b')),
    [],
    'sev3',
    'noiseControls.ignoreChanges',
  ],
  [
    'the version of a chart',
    changed(
      kubernetes('Service', {}, { 'helm.sh/chart': 'a-1' }),
      kubernetes('Service', {}, { 'helm.sh/chart': 'a-2' }),
    ),
    ['Tags and labels'],
    'sev4',
    'noiseControls.ignoreChanges',
  ],
  [
    'what a managed database counts',
    changed(resource({ latest_restorable_time: 'a' }), resource({ latest_restorable_time: 'b' })),
    [],
    'sev3',
    'noiseControls.ignoreChanges',
  ],
  ...[
    'modules/vpc/CHANGELOG.md',
    'docs/adr/0001-region.md',
    'docs/decisions/0001-region.md',
    'live/.terraform/modules/vpc/README.md',
  ].map(
    (path) =>
      [
        `what nobody should mend: ${path}`,
        documentDrift('environment_tooling', path),
        [],
        'sev3',
        'noiseControls.ignorePaths',
      ] as const,
  ),
]);
