import type { JsonObject } from '../json-value.ts';
import { changeFreeze } from './change-freeze.ts';
import { changed, describeTemplate, documentDrift, whole } from './test-template.ts';

const SETTING = 'Setting, during the freeze';

const graph = (type: string, more: JsonObject): JsonObject => ({
  '@odata.type': `#microsoft.graph.${type}`,
  id: '5d1c',
  displayName: 'One',
  ...more,
});
const profile = (more: JsonObject): JsonObject => graph('windows10GeneralConfiguration', more);
const deployment = (image: string): JsonObject => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'checkout', uid: '1' } },
  spec: { template: { spec: { containers: [{ name: 'app', image }] } } },
});

describeTemplate(changeFreeze, [
  ['a setting', changed(profile({ a: 1 }), profile({ a: 2 })), [SETTING], 'sev2', 'notify'],
  [
    'a remark',
    changed(profile({}), profile({ description: 'New' })),
    ['Remark, during the freeze'],
    'sev3',
    'notify',
  ],
  [
    'an assignment',
    changed(profile({}), profile({ assignments: [{ target: { groupId: 'g' } }] })),
    [SETTING],
    'sev1',
    'notify',
  ],
  ['what came', whole('added', profile({})), [SETTING, 'Came or went'], 'sev1', 'notify'],
  ['what is gone', whole('removed', { id: '1' }), [SETTING, 'Came or went'], 'sev1', 'notify'],
  [
    'a release',
    changed(deployment('checkout:41'), deployment('checkout:42')),
    [SETTING, 'What runs on devices and clusters'],
    'sev1',
    'notify',
  ],
  [
    'a script',
    changed(
      graph('deviceHealthScript', { runAs32Bit: true }),
      graph('deviceHealthScript', { runAs32Bit: false }),
    ),
    [SETTING, 'What runs on devices and clusters'],
    'sev1',
    'notify',
  ],
  [
    'a setting of the firewall',
    changed(profile({ firewallBlockAll: true }), profile({ firewallBlockAll: false })),
    [SETTING, 'Protection of the device'],
    'sev1',
    'notify',
  ],
  [
    'a document, however unsure it is',
    documentDrift('coverage', 'README.md', 0.1),
    [SETTING],
    'sev2',
    'notify',
  ],
]);
