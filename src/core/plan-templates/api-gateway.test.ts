import type { JsonObject } from '../json-value.ts';
import { apiGateway } from './api-gateway.ts';
import { changed, describeTemplate, documentDrift, whole } from './test-template.ts';

const metadata = { name: 'orders', namespace: 'gateway', uid: '77c0' };

const ingress = (spec: JsonObject): JsonObject => ({
  ...{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata },
  spec,
});
const httpPaths = (...paths: string[]): JsonObject =>
  ingress({ rules: [{ host: 'api.contoso.com', http: { paths: paths.map((path) => ({ path })) } }] });

/** An HTTPRoute that sends this share of the traffic to the new version. */
function httpRoute(weight: number, name = 'orders-v2'): JsonObject {
  const backendRefs = [
    { name: 'orders-v1', port: 80, weight: 100 - weight },
    { name, port: 80, weight },
  ];
  const spec = { rules: [{ backendRefs }] };
  return { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata, spec };
}

const service = (spec: JsonObject, labels: JsonObject = {}): JsonObject => ({
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { ...metadata, labels } },
  spec,
});

/** A route as a gateway's administration API tells it. */
const route = (more: JsonObject): JsonObject => ({ id: 'r-1', name: 'orders', ...more });

const openApi = (get: JsonObject): JsonObject => ({
  id: 'orders-api',
  paths: { '/orders': { get: { summary: 'Orders', security: [{ key: [] }], ...get } } },
});

describeTemplate(apiGateway, [
  ['a route that is gone', whole('removed', httpRoute(10)), ['A route is gone'], 'sev1', 'notify'],
  [
    'a path of an ingress that is gone',
    changed(httpPaths('/orders', '/carts'), httpPaths('/orders')),
    ['A route is gone'],
    'sev1',
    'notify',
  ],
  [
    'an operation that is gone from the contract',
    changed(
      { id: 'api', paths: { '/orders': { get: {}, delete: {} } } },
      { id: 'api', paths: { '/orders': { get: {} } } },
    ),
    ['A route is gone'],
    'sev1',
    'notify',
  ],
  [
    'another path is a setting',
    changed(httpPaths('/orders'), httpPaths('/orders', '/carts')),
    [],
    'sev3',
    'digest',
  ],
  [
    'authentication that is switched off',
    changed(
      route({ plugins: [{ name: 'jwt', enabled: true }] }),
      route({ plugins: [{ name: 'jwt', enabled: false }] }),
    ),
    ['Who may call'],
    'sev1',
    'notify',
  ],
  [
    'an operation that asks for nothing any more',
    changed(openApi({}), openApi({ security: [] })),
    ['Who may call'],
    'sev1',
    'notify',
  ],
  [
    'what only sounds like access control',
    changed(route({ tags: { author: 'a', oracle: 'b' } }), route({ tags: { author: 'b', oracle: 'c' } })),
    ['Wording of the reference'],
    'sev4',
    'recorded',
  ],
  [
    'another certificate',
    changed(ingress({ tls: [{ secretName: 'a' }] }), ingress({ tls: [{ secretName: 'b' }] })),
    ['TLS'],
    'sev2',
    'notify',
  ],
  [
    'a shorter time-out',
    changed(route({ read_timeout: 60_000 }), route({ read_timeout: 5_000 })),
    ['Limits and time-outs'],
    'sev2',
    'notify',
  ],
  [
    'a route that leads elsewhere',
    changed(httpRoute(10), httpRoute(10, 'orders-v3')),
    ['Where it leads'],
    'sev3',
    'notify',
  ],
  ['a shift of traffic', changed(httpRoute(10), httpRoute(50)), ['Shift of traffic'], 'sev4', 'recorded'],
  [
    'other words',
    changed(openApi({}), openApi({ summary: 'All orders' })),
    ['Wording of the reference'],
    'sev4',
    'recorded',
  ],
  [
    'an example that no longer works',
    documentDrift('instruction', 'docs/quick-start.md'),
    ['Example that callers copy'],
    'sev2',
    'notify',
  ],
  [
    'an endpoint that nobody documented',
    documentDrift('coverage', 'docs/reference.md'),
    ['Endpoint without documentation'],
    'sev2',
    'notify',
  ],
  [
    'what is too unsure',
    documentDrift('process', 'docs/onboarding.md', 0.6),
    [],
    'sev3',
    'thresholds.minConfidence',
  ],
  ['another step for consumers', documentDrift('process', 'docs/onboarding.md'), [], 'sev3', 'digest'],
  ['a changelog', documentDrift('process', 'CHANGELOG.md'), [], 'sev3', 'noiseControls.ignorePaths'],
  [
    'the reference of an old version',
    documentDrift('process', 'docs/archive/v1.md'),
    [],
    'sev3',
    'noiseControls.ignorePaths',
  ],
  [
    'a port that the cluster chose',
    changed(
      service({ ports: [{ port: 80, nodePort: 30_001 }] }),
      service({ ports: [{ port: 80, nodePort: 30_002 }] }),
    ),
    [],
    'sev3',
    'noiseControls.ignoreChanges',
  ],
  [
    'an address that the cluster chose',
    changed(service({ clusterIPs: ['10.0.0.1'] }), service({ clusterIPs: ['10.0.0.2'] })),
    [],
    'sev3',
    'noiseControls.ignoreChanges',
  ],
  [
    'the version of a chart',
    changed(service({}, { 'helm.sh/chart': 'kong-2.1' }), service({}, { 'helm.sh/chart': 'kong-2.2' })),
    [],
    'sev3',
    'noiseControls.ignoreChanges',
  ],
]);
