import type { JsonObject } from '../json-value.ts';
import { microservice } from './microservice.ts';
import { changed, describeTemplate, documentDrift, type Example, whole } from './test-template.ts';

const metadata = { name: 'checkout', namespace: 'shop', uid: 'ab3f' };

function deployment(container: JsonObject, spec: JsonObject = {}, annotations: JsonObject = {}): JsonObject {
  const template = { metadata: { annotations }, spec: { containers: [{ name: 'app', ...container }] } };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas: 3, ...spec, template } };
}

function labelled(chart: string): JsonObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { ...metadata, labels: { 'helm.sh/chart': chart } } };
}

const service = (port: number): JsonObject => ({
  ...{ apiVersion: 'v1', kind: 'Service', metadata },
  spec: { ports: [{ port }] },
});
const configMap = (level: string): JsonObject => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata },
  data: { LOG_LEVEL: level },
});

describeTemplate(microservice, [
  [
    'a wrong step of the runbook is the worst',
    documentDrift('instruction', 'docs/runbook.md'),
    ['Step of a runbook'],
    'sev1',
    'notify',
  ],
  [
    'a wrong step of the README goes to the digest',
    documentDrift('instruction', 'README.md'),
    [],
    'sev3',
    'digest',
  ],
  [
    'a new owner is told at once',
    documentDrift('ownership', 'CODEOWNERS'),
    ['Who answers for it'],
    'sev2',
    'notify',
  ],
  [
    'a controller is no owner',
    changed(
      { ...service(80), metadata: { ...metadata, ownerReferences: [{ uid: '1', name: 'a' }] } },
      { ...service(80), metadata: { ...metadata, ownerReferences: [{ uid: '1', name: 'b' }] } },
    ),
    [],
    'sev3',
    'digest',
  ],
  [
    'what may be undocumented is held back',
    documentDrift('coverage', 'README.md', 0.7),
    [],
    'sev3',
    'eligibility.when',
  ],
  [
    'what is surely undocumented goes to the digest',
    documentDrift('coverage', 'README.md', 0.9),
    [],
    'sev3',
    'digest',
  ],
  ['what is gone is told at once', whole('removed', service(80)), ['Gone'], 'sev1', 'notify'],
  [
    'another port is told at once',
    changed(service(80), service(8080)),
    ['How others reach it'],
    'sev2',
    'notify',
  ],
  [
    'another configuration is told at once',
    changed(configMap('info'), configMap('debug')),
    ['What it is configured with'],
    'sev2',
    'notify',
  ],
  [
    'less memory is told at once',
    changed(
      deployment({ resources: { limits: { memory: '1Gi' } } }),
      deployment({ resources: { limits: { memory: '512Mi' } } }),
    ),
    ['What it may use'],
    'sev3',
    'notify',
  ],
  [
    'a service that is scaled to zero is told at once',
    changed(deployment({}), deployment({}, { replicas: 0 })),
    ['Scaled to zero'],
    'sev1',
    'notify',
  ],
  [
    'an autoscaler at work is noise',
    changed(deployment({}), deployment({}, { replicas: 5 })),
    [],
    'sev3',
    'noiseControls.ignoreChanges',
  ],
  [
    'an ordinary release is recorded',
    changed(deployment({ image: 'checkout:41' }), deployment({ image: 'checkout:42' })),
    ['Ordinary release'],
    'sev4',
    'recorded',
  ],
  [
    'a release with other settings is more than that',
    changed(
      deployment({ image: 'checkout:41', env: [{ name: 'TAX', value: '1' }] }),
      deployment({ image: 'checkout:42', env: [{ name: 'TAX', value: '2' }] }),
    ),
    ['What it is configured with'],
    'sev2',
    'notify',
  ],
  [
    'a restart is noise',
    changed(deployment({}), deployment({}, {}, { 'kubectl.kubernetes.io/restartedAt': 'now' })),
    ['Ordinary release'],
    'sev4',
    'noiseControls.ignoreChanges',
  ],
  [
    'a checksum that restarts pods is noise',
    changed(deployment({}, {}, { 'checksum/config': 'a' }), deployment({}, {}, { 'checksum/config': 'b' })),
    ['Ordinary release'],
    'sev4',
    'noiseControls.ignoreChanges',
  ],
  [
    'the version of a chart is noise',
    changed(labelled('checkout-1.0.0'), labelled('checkout-1.0.1')),
    ['Ordinary release'],
    'sev4',
    'noiseControls.ignoreChanges',
  ],
  ...['services/checkout/CHANGELOG.md', 'docs/adr/0001-queue.md', 'docs/decisions/0001-queue.md'].map(
    (path): Example => [
      `what was once true is noise: ${path}`,
      documentDrift('environment_tooling', path),
      [],
      'sev3',
      'noiseControls.ignorePaths',
    ],
  ),
]);
