import fc from 'fast-check';
import { expect, test } from 'vitest';
import { displayWidth } from './display-width.ts';
import { printable } from './printable.ts';
import { shortenPointer } from './shorten-pointer.ts';
import { anyText } from './test-arbitrary-report.ts';

const nested =
  '/settings/device_vendor_msft_laps_policies_backupdirectory/settingInstance/choiceSettingValue/children/device_vendor_msft_laps_policies_passwordcomplexity/simpleSettingValue/value';

test.each([
  [200, nested],
  [
    120,
    '/settings/…/choiceSettingValue/children/device_vendor_msft_laps_policies_passwordcomplexity/simpleSettingValue/value',
  ],
  [90, '/settings/…/children/device_…sft_laps_policies_passwordcomplexity/simpleSettingValue/value'],
  [60, '/settings/…/device…_laps_policies_passwordcomplexity/…/value'],
  [30, '/…/devi…s_passwordcomplexity/…'],
])('at %i columns the id that the path is about stays', (width, expected) => {
  expect(shortenPointer(nested, width)).toBe(expected);
});

test('the id stays also where words after it are long', () => {
  const path =
    '/settings/device_vendor_msft_policy_config_userrights_denyremotedesktopserviceslogon/settingInstance/simpleSettingCollectionValue/*S-1-2-0';

  expect(shortenPointer(path, 88)).toBe(
    '/settings/device_vend…policy_config_userrights_denyremotedesktopserviceslogon/…/*S-1-2-0',
  );
});

test('a pointer is never wider than asked for', () => {
  const pointer = fc.array(anyText(), { minLength: 1, maxLength: 12 }).map((parts) => `/${parts.join('/')}`);
  fc.assert(
    fc.property(pointer, fc.integer({ min: 28, max: 150 }), (raw, width) => {
      const path = printable(raw);

      const shown = shortenPointer(path, width);

      expect(displayWidth(shown)).toBeLessThanOrEqual(width);
      if (displayWidth(path) <= width) expect(shown).toBe(path);
    }),
  );
});
