import { describe, expect, it } from 'vitest';
import { DriftplaneError, errorCatalogue } from './errors.ts';

describe('the catalogue', () => {
  it.each(Object.entries(errorCatalogue))('says of %s what it is and what to do', (code, entry) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(entry.title).toMatch(/^[A-Z].*[^.]$/);
    expect(entry.action).toMatch(/^[A-Z].*\.$/);
    expect(entry.status).toBeGreaterThanOrEqual(400);
    expect(entry.status).toBeLessThan(600);
    expect('effect' in entry).toBe(entry.kind === 'problem');
  });

  it('calls nothing by the same title twice', () => {
    const titles = Object.values(errorCatalogue).map(({ title }) => title);

    expect(new Set(titles).size).toBe(titles.length);
  });
});

describe('DriftplaneError', () => {
  it('carries code, message, details and cause', () => {
    const cause = new Error('why');
    const details = [{ pointer: '/a', line: 1, detail: 'wrong' }];

    const error = new DriftplaneError('invalid_plan', 'The plan is wrong', { details, cause });

    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'DriftplaneError',
      code: 'invalid_plan',
      message: 'The plan is wrong',
    });
    expect(error.details).toBe(details);
    expect(error.cause).toBe(cause);
    expect(new DriftplaneError('invalid_plan', '').details).toEqual([]);
  });
});
