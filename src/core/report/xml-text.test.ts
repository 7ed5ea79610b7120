import { expect, test } from 'vitest';
import { xmlAttribute, xmlText } from './xml-text.ts';

test('markup is escaped', () => {
  expect(xmlText(`<a b='"'>&]]>`)).toBe(`&lt;a b='"'&gt;&amp;]]&gt;`);
  expect(xmlAttribute(`<a b='"'>&`)).toBe('"&lt;a b=&apos;&quot;&apos;&gt;&amp;"');
});

test('white space survives attribute normalisation and line end normalisation', () => {
  expect(xmlAttribute('a\n\tb\r')).toBe('"a&#10;&#9;b&#13;"');
  expect(xmlText('a\n\tb\r')).toBe('a\n\tb&#13;');
});

test('what XML 1.0 can not hold is shown instead', () => {
  expect(xmlText('\u0000\u001b\ud800\ufffe\uffff')).toBe('\\u0000\\u001b\\ud800\\ufffe\\uffff');
  expect(xmlText('\u{1f44d}\u00e9\ufffd')).toBe('\u{1f44d}\u00e9\ufffd');
});
