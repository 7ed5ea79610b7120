import fc from 'fast-check';
import { expect, test } from 'vitest';
import { artifactPlace } from './artifact-location.ts';
import { anyText } from './test-arbitrary-report.ts';

test.each([
  ['export/a.json', 'export/a.json', null, null],
  ['./export/a.json', 'export/a.json', null, null],
  ['../a b/ü#?.json', '../a%20b/%C3%BC%23%3F.json', null, null],
  ['all.ndjson:12', 'all.ndjson', 12, null],
  ['all.json#/3', 'all.json', null, '/3'],
  ['page.json#/value/3', 'page.json', null, '/value/3'],
  ['list.json#/items/0', 'list.json', null, '/items/0'],
  ['odd#/name/x.json', 'odd%23/name/x.json', null, null],
  ['a:b.json', 'a%3Ab.json', null, null],
  ['/srv/export/a.json', 'file:///srv/export/a.json', null, null],
  ['C:\\export\\a b.ndjson:7', 'file:///C:/export/a%20b.ndjson', 7, null],
  ['C:/export/a.json', 'file:///C:/export/a.json', null, null],
  ['\\\\server\\share\\a.json', 'file://server/share/a.json', null, null],
  ['export\\sub\\a.json', 'export/sub/a.json', null, null],
  ['export/odd\\name.json', 'export/odd%5Cname.json', null, null],
  ['\ud800.json', '%EF%BF%BD.json', null, null],
  ['', null, null, null],
])('%s is at %s', (path, uri, line, pointer) => {
  expect(artifactPlace(path)).toEqual({ uri, line, pointer });
});

test('any path becomes a URI reference that a parser accepts', () => {
  fc.assert(
    fc.property(anyText(), (path) => {
      const { uri } = artifactPlace(path);

      if (uri === null) return;
      expect(uri).toMatch(/^(?:file:\/\/)?(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-F]{2})*$/);
    }),
  );
});
