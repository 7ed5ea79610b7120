import { expect, test } from 'vitest';
import { driftText } from './drift-text.ts';

test.each([
  [{ findings: 0, heldBack: 0 }, 'Nothing drifted.'],
  [
    { findings: 0, heldBack: 16 },
    'No findings: all that drifted was held back.\n16 held back by the plan. See: driftplane executions held e1',
  ],
  [{ findings: 3, opened: 2, heldBack: 0 }, '3 drifted, 2 of them new. See: driftplane findings list'],
  [
    { findings: 3, opened: 2, heldBack: 1 },
    '3 drifted, 2 of them new. See: driftplane findings list\n1 held back by the plan. See: driftplane executions held e1',
  ],
])('of %o says: %s', (counts, text) => {
  expect(driftText({ executionId: 'e1', counts })).toBe(text);
});
