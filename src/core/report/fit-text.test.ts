import fc from 'fast-check';
import { expect, test } from 'vitest';
import { displayWidth } from './display-width.ts';
import { cutEnd, cutMiddle, cutPair, cutStrings, wrapText } from './fit-text.ts';
import { printable } from './printable.ts';
import { anyText } from './test-arbitrary-report.ts';

test('a text that fits is not cut', () => {
  expect(cutEnd('twelve chars', 12)).toBe('twelve chars');
  expect(cutMiddle('twelve chars', 12)).toBe('twelve chars');
  expect(wrapText('twelve chars', 12, 1)).toEqual(['twelve chars']);
});

test('a text that does not fit says that it was cut', () => {
  expect(cutEnd('twelve chars', 8)).toBe('twelve …');
  expect(cutMiddle('device_vendor_msft_allowscanning', 14)).toBe('de…lowscanning');
  expect(wrapText('one two three four five', 8, 2)).toEqual(['one two', 'three f…']);
});

test('lines break after a space, comma or slash, and anywhere in a long word', () => {
  expect(wrapText('one two three', 8, 5)).toEqual(['one two', 'three']);
  expect(wrapText('{"a":1,"bcdef":2}', 10, 5)).toEqual(['{"a":1,', '"bcdef":2}']);
  expect(wrapText('abcdefghijkl', 5, 5)).toEqual(['abcde', 'fghij', 'kl']);
});

test('of two long texts the part that differs is shown', () => {
  const common = 'the same for a long time '.repeat(10);

  expect(cutPair(`${common}old`, `${common}new`, 40)).toEqual([
    '…ame for a long time old',
    '…ame for a long time new',
  ]);
  expect(cutPair('old', 'new', 40)).toEqual(['old', 'new']);
  expect(cutPair(`old ${common}`, `new ${common}`, 20)).toEqual([
    'old the same for a …',
    'new the same for a …',
  ]);
});

test('only long strings within JSON are cut', () => {
  const long = 'device_vendor_msft_policy_config_defender_allowarchivescanning_1';

  expect(cutStrings(`{"value":"${long}","n":[${'1,'.repeat(30)}1],"q":"\\"\\\\"}`)).toBe(
    `{"value":"devic…_defender_allowarchivescanning_1","n":[${'1,'.repeat(30)}1],"q":"\\"\\\\"}`,
  );
});

test('nothing is ever wider than asked for, and what is not cut is all there', () => {
  fc.assert(
    fc.property(anyText(), anyText(), fc.integer({ min: 10, max: 60 }), (raw, other, width) => {
      const text = printable(raw);

      const lines = wrapText(text, width, 3);
      const whole = wrapText(text, width, Number.MAX_SAFE_INTEGER);

      for (const line of [...lines, ...whole, cutEnd(text, width), cutMiddle(text, width)]) {
        expect(displayWidth(line)).toBeLessThanOrEqual(width);
      }
      expect(lines.length).toBeLessThanOrEqual(3);
      expect(whole.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
      for (const part of cutPair(text, printable(other), width)) {
        expect(displayWidth(part)).toBeLessThanOrEqual(width);
      }
    }),
  );
});
