import { expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '../../src/core/json-value.ts';
import { compare, itemNamed, mapObjects, samples, writeExport } from './sample-exports.ts';

// A secret is known by several marks, of which an exporter may leave out all but one. The guest Wi-Fi of the
// samples has three.

const wifi = 'Windows - Guest Wi-Fi - v1.0';
const october = itemNamed(samples.october, wifi).value;
const november = itemNamed(samples.november, wifi).value;

const writeItem = (value: JsonValue): string =>
  writeExport([{ path: 'item.json', bytes: Buffer.from(JSON.stringify(value)) }]);

/** What of the Wi-Fi's three marks is left. */
type Marks = { isEncrypted?: true; secretReferenceValueId?: string; omaUri: string };

const marks: Record<string, Marks> = {
  'that it is encrypted': { isEncrypted: true, omaUri: './Vendor/MSFT/Contoso/Profile' },
  'a reference to the secret': { secretReferenceValueId: 'a_b', omaUri: './Vendor/MSFT/Contoso/Profile' },
  'what it configures': { omaUri: './Vendor/MSFT/WiFi/Profile/Contoso-Guest/WlanXml' },
};

test.each(Object.entries(marks))('known by %s alone, a secret is not shown', async (_, left) => {
  const mark = (policy: JsonObject): JsonValue =>
    mapObjects(policy, (object) => {
      if (object['@odata.type'] !== '#microsoft.graph.omaSettingString') return object;
      const { isEncrypted, secretReferenceValueId, omaUri, ...rest } = object;
      return { ...rest, ...left };
    });

  const { text, document } = await compare(writeItem(mark(october)), writeItem(mark(november)));

  expect(document.findings.flatMap(({ changes }) => changes)).toMatchObject([
    { op: 'replace', before: '[redacted]', after: '[redacted]' },
  ]);
  expect(text).not.toMatch(/harbour-lantern|orchard-signal/);
});

test('a secret of the settings catalog is not shown', async () => {
  const laps = itemNamed(samples.october, 'Windows - LAPS - v1.2').value;
  const withSecret = (secret: string): JsonValue =>
    mapObjects(laps, (object) =>
      object.value === 'contoso-local' ? { value: secret, valueState: 'encryptedValueToken' } : object,
    );

  const { text, document } = await compare(
    writeItem(withSecret('kettle-Marble-5')),
    writeItem(withSecret('saddle-Pepper-6')),
  );

  expect(document.findings.flatMap(({ changes }) => changes)).toEqual([
    {
      path: '/settings/device_vendor_msft_laps_policies_administratoraccountname/settingInstance/simpleSettingValue/value',
      op: 'replace',
      before: '[redacted]',
      after: '[redacted]',
    },
  ]);
  expect(text).not.toMatch(/kettle-Marble|saddle-Pepper/);
});

test('what a script does is not shown', async () => {
  const script = itemNamed(samples.october, 'Set time zone').value;
  const other = { ...script, scriptContent: Buffer.from('$key = "walnut-Ribbon-7"').toString('base64') };

  const { document } = await compare(writeItem(script), writeItem(other));

  expect(document.findings.flatMap(({ changes }) => changes)).toEqual([
    { path: '/scriptContent', op: 'replace', before: '[redacted]', after: '[redacted]' },
  ]);
});
