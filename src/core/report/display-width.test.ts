import { expect, test } from 'vitest';
import { displayWidth } from './display-width.ts';

test.each([
  ['', 0],
  ['plain', 5],
  ['Größe', 5],
  ['e\u0301', 1],
  ['漢字', 4],
  ['ｆｕｌｌ', 8],
  ['ﾊﾝｶｸ', 4],
  ['한국어', 6],
  ['👍', 2],
  ['✔️', 2],
  ['✔', 1],
  ['→ … ·', 5],
  ['кириллица', 9],
  ['𠮷', 2],
])('%s takes %i columns', (text, width) => {
  expect(displayWidth(text)).toBe(width);
});
