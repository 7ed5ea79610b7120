import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable, printableAscii } from './printable.ts';
import { anyText } from './test-arbitrary-report.ts';

test('what can be seen stays as it is', () => {
  for (const text of ['Policy – v3.5 (Größe) [x] {y} \\ " \' `', '漢字', 'عربي', '👍 ✔️', 'é', 'e\u0301']) {
    expect(printable(text)).toBe(text);
  }
});

test.each([
  ['a terminal sequence', '\u001b[31mred', '\\u001b[31mred'],
  ['an 8-bit control', '\u009b31m', '\\u009b31m'],
  ['DEL and NUL', '\u007f\u0000', '\\u007f\\u0000'],
  ['line ends and tabs', 'a\r\n\tb', 'a\\r\\n\\tb'],
  ['Unicode line separators', '\u2028\u2029\u0085', '\\u2028\\u2029\\u0085'],
  ['a bidi override', 'a\u202ecod.exe', 'a\\u202ecod.exe'],
  ['zero-width characters', 'a\u200bb\u200dc\ufeff', 'a\\u200bb\\u200dc\\ufeff'],
  ['an invisible tag', '\u{e0041}', '\\udb40\\udc41'],
  ['lone surrogates', '\ud800x\udfff', '\\ud800x\\udfff'],
  ['noncharacters', '\ufffe\uffff', '\\ufffe\\uffff'],
  ['a mark without a base', '\u0301a', '\\u0301a'],
  ['more marks than a letter has', `a${'\u0301'.repeat(6)}`, `a${'\u0301'.repeat(4)}\\u0301\\u0301`],
])('%s is shown escaped', (_name, text, expected) => {
  expect(printable(text)).toBe(expected);
});

test('nothing is left to escape, and JSON text keeps its value', () => {
  fc.assert(
    fc.property(anyText(), (text) => {
      expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect(printable(printable(text))).toBe(printable(text));
      expect(JSON.parse(printable(JSON.stringify(text)))).toBe(text);
      expect(JSON.parse(printableAscii(JSON.stringify(text)))).toBe(text);
    }),
  );
});
