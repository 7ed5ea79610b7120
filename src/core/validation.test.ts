import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { describeIssues } from './validation.ts';

function faultsOf(schema: z.ZodType, content: unknown): string[] {
  const parsed = schema.safeParse(content, { reportInput: true });
  return parsed.success
    ? []
    : describeIssues(parsed.error, schema).map(({ pointer, detail }) => `${pointer}: ${detail}`);
}

const inner = z.strictObject({
  path: z.string().startsWith('/', 'starts with "/"'),
  is: z.enum(['one', 'two']),
});

describe('describeIssues', () => {
  it('names every place by its pointer, all at once', () => {
    const schema = z.strictObject({ list: z.array(inner) });
    const content = {
      list: [
        { path: 'x', is: 'one' },
        { path: '/', is: 'twoo', 'a/b': 1 },
      ],
      other: 1,
      another: 2,
    };

    expect(faultsOf(schema, content).sort()).toEqual([
      '/another: there is no such field',
      '/list/0/path: starts with "/"',
      '/list/1/a~1b: there is no such field',
      '/list/1/is: "twoo" is not one of one, two; did you mean "two"?',
      '/other: there is no such field',
    ]);
  });

  it.each([
    [17, '17'],
    [null, 'null'],
    [{ a: 'b' }, 'this value'],
    ['nothing near', '"nothing near"'],
    ['x'.repeat(61), 'this text'],
  ])('shows what was given only where it is short (%j)', (value, shown) => {
    expect(faultsOf(z.enum(['one', 'two']), value)).toEqual([`: ${shown} is not one of one, two`]);
  });

  it('of a union says what is wrong with the branch that was meant', () => {
    const schema = z.array(z.union([z.string(), z.strictObject({ when: inner })]));

    expect(faultsOf(schema, [{ when: { path: 'x', is: 'one' } }])).toEqual(['/0/when/path: starts with "/"']);
    expect(faultsOf(schema, [17])).toHaveLength(1);
    expect(faultsOf(schema, [17])[0]).toMatch(/^\/0: /);
  });

  it('leaves the line to who knows the text', () => {
    const parsed = z.string().safeParse(1);

    expect(parsed.success ? [] : describeIssues(parsed.error)).toMatchObject([{ pointer: '', line: null }]);
  });
});

it('of a text or an object, names the field that is misspelt in the object', () => {
  const schema = z.union([z.string(), z.strictObject({ path: z.string(), when: z.string() })]);

  expect(faultsOf(z.array(schema), [{ path: '/a', wen: 'x' }])).toContain('/0/wen: there is no such field');
});

it('says of what is no id that it is none', () => {
  expect(faultsOf(z.object({ ids: z.array(z.guid()) }), { ids: ['Contoso'] })).toEqual([
    '/ids/0: "Contoso" is not an id (a UUID)',
  ]);
  expect(faultsOf(z.object({ id: z.uuid('name it by its id') }), { id: 'x' })).toEqual([
    '/id: name it by its id',
  ]);
});

it('says of what may be anything that it is missing, also where the input is not reported', () => {
  const parsed = z.strictObject({ document: z.unknown() }).safeParse({});

  expect(describeIssues(parsed.error as z.ZodError)).toEqual([
    { pointer: '/document', line: null, detail: 'it is missing' },
  ]);
});

it('says of what is not there that it is missing', () => {
  expect(faultsOf(inner, {})).toEqual(['/path: it is missing', '/is: it is missing: one of one, two']);
  expect(faultsOf(inner, { path: null, is: null })).toEqual([
    '/path: null is not a text',
    '/is: null is not one of one, two',
  ]);
});

it('names the field that was probably meant, where the schema is at hand', () => {
  const schema = z.strictObject({
    list: z.array(inner).default([]),
    group: z.strictObject({ when: z.string().nullable() }).prefault({ when: null }).optional(),
  });
  const content = { lst: [], list: [{ path: '/', is: 'one', pth: 1 }], group: { when: null, wehn: 1, x: 1 } };

  expect(faultsOf(schema, content).sort()).toEqual([
    '/group/wehn: there is no such field; did you mean "when"?',
    '/group/x: there is no such field',
    '/list/0/pth: there is no such field; did you mean "path"?',
    '/lst: there is no such field; did you mean "list"?',
  ]);
});

it('tells of a document that is wrong all over only the first faults, and how many more there are', () => {
  const keys = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`key${index}`, 1]));
  const content = { ...keys, path: 17, is: 'one' };
  const schema = z.array(inner);

  expect(faultsOf(inner, content)).toHaveLength(201);
  expect(faultsOf(inner, content).at(-1)).toBe(': and 101 more faults');
  expect(faultsOf(schema, Array(150).fill(content)).length).toBeLessThan(203);
});

it('cuts the name of a field that nobody would read', () => {
  expect(faultsOf(inner, { path: '/', is: 'one', ['x'.repeat(1000)]: 1 })).toEqual([
    `/${'x'.repeat(200)}…: there is no such field`,
  ]);
});

it.each([
  [z.int(), 1.5, '1.5 is not a whole number'],
  [z.number(), Number.NaN, 'NaN is not a number'],
  [z.array(z.string()), 'x', '"x" is not a list'],
  [z.strictObject({}), null, 'null is not an object'],
  [z.boolean(), 'true', '"true" is not true or false'],
  [z.number().min(0), -1, 'it is less than 0'],
  [z.number().max(1), 2, 'it is more than 1'],
  [z.number().gt(0), 0, 'it is not more than 0'],
  [z.string().min(2), 'x', 'it is shorter than 2 characters'],
  [z.string().max(1, 'too long for a label'), 'xx', 'too long for a label'],
  [z.array(z.string()).max(1), ['a', 'b'], 'it has more than 1 elements'],
])('says of %o what is wrong in plain words (%j)', (schema, content, said) => {
  expect(faultsOf(schema, content)).toEqual([`: ${said}`]);
});
