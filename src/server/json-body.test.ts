import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJsonBody } from './json-body.ts';

const parse = (text: string) => parseJsonBody(Buffer.from(text));

describe('a body of JSON', () => {
  test('is what JSON.parse makes of it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes('__proto__'));

        expect(parse(` ${text}\r\n`)).toEqual(JSON.parse(text));
      }),
    );
  });

  test('with names that stand twice is refused with all of them', () => {
    expect(() => parse('{"a":1,"b":[{"c":1,"\\u0063":2}],"a":{"d":1,"d":1}}')).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        details: ['/b/0/c', '/a', '/a/d'].map((pointer) => ({
          pointer,
          line: null,
          detail: `the key "${pointer.at(-1)}" is there twice`,
        })),
      }),
    );
  });

  test('with a name that stands many times is told so once', () => {
    expect(() => parse(`{${Array(1000).fill('"k":1').join()}}`)).toThrow(
      expect.objectContaining({ details: [expect.objectContaining({ pointer: '/k' })] }),
    );
  });

  test('is not told back as a whole, however long its names', () => {
    const long = 'x'.repeat(100_000);
    const twice = Array.from({ length: 200 }, (_, at) => `"${at % 100}":1`).join();

    expect(() => parse(`{"${long}":{${twice}}}`)).toThrow(
      expect.objectContaining({
        details: expect.toSatisfy(
          (details) => details.length === 100 && JSON.stringify(details).length < 50_000,
        ),
      }),
    );
  });

  test('is UTF-8', () => {
    expect(() => parseJsonBody(Buffer.from([0x22, 0xff, 0x22]))).toThrow('the body is not valid UTF-8');
  });

  test('with __proto__ is refused, and one with other names of objects is not', () => {
    expect(() => parse('{"a":{"\\u005f_proto__":{"x":1}},"__proto__":1}')).toThrow(
      expect.objectContaining({
        details: [{ pointer: '/__proto__' }, { pointer: '/a/__proto__' }].map((at) =>
          expect.objectContaining(at),
        ),
      }),
    );
    expect(parse('{"constructor":{"prototype":1}}')).toEqual({ constructor: { prototype: 1 } });
  });

  test.each([
    ['', 'the body is empty, and its Content-Type says JSON'],
    ['{"a":', 'the body is not valid JSON: column 6: it ends in the middle of a value'],
    ['{"a":1}\n{}', 'the body is not valid JSON: column 8: there is more behind the value'],
    ['{"a":\n tru}', /^the body is not valid JSON: line 2, column \d+: /],
    ["{'a':1}", 'the body is not valid JSON: column 2: a member name in double quotes was expected'],
    [`${'['.repeat(201)}${']'.repeat(201)}`, /^the body is not valid JSON: column 201: /],
    ['\ufeff{}', /^the body is not valid JSON: column 1: /],
  ])('that is none says where: %j', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
});
