import { expect, test } from 'vitest';
import { splitStatements } from './split-statements.ts';

const textsOf = (script: string): string[] => splitStatements(script).map(({ text }) => text);

test('a script falls into its statements, each with the line on which it begins', () => {
  const script =
    '-- a comment\n\ncreate table a (x int);\n\n/* another;\n one */ insert into a\nvalues (1);\nselect 1';

  const statements = splitStatements(script);

  expect(statements).toEqual([
    { text: 'create table a (x int)', line: 3 },
    { text: 'insert into a\nvalues (1)', line: 6 },
    { text: 'select 1', line: 8 },
  ]);
});

test.each([
  ['a string with a doubled quote', "select 'a;''b;'"],
  ['an identifier', 'select "a;""b;"'],
  ['an escape string with an escaped quote', "select E'a\\';b', e'\\\\;'"],
  ['a dollar quote', 'do $$ begin; end; $$'],
  ['a dollar quote in a dollar quote', 'do $a$ begin; $$;$$; end; $a$'],
  ['a line comment', 'select 1 -- one; two\n + 2'],
  ['nested comments', 'select /* a; /* b; */ c; */ 1'],
])('a semicolon in %s separates nothing', (_name, statement) => {
  const texts = textsOf(`${statement}; select 2;`);

  expect(texts).toEqual([statement, 'select 2']);
});

test('a backslash at the end of a plain string escapes nothing', () => {
  const texts = textsOf("select 'a\\'; select 'b'");

  expect(texts).toEqual(["select 'a\\'", "select 'b'"]);
});

test('a dollar sign within a name begins no quotation', () => {
  const texts = textsOf('select a$b$; select $1; select b$b$');

  expect(texts).toEqual(['select a$b$', 'select $1', 'select b$b$']);
});

test('an empty script, or one of comments alone, has no statement', () => {
  expect(textsOf('')).toEqual([]);
  expect(textsOf(' ;; -- nothing\n/* at all */;')).toEqual([]);
});
