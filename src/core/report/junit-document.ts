import { printable } from './printable.ts';
import { xmlAttribute, xmlText } from './xml-text.ts';

/** One test case. Texts may hold anything: they are made printable here, `lines` each by itself. */
export interface JunitCase {
  readonly name: string;
  readonly className: string;
  readonly result: JunitResult;
}

type JunitResult =
  | { readonly kind: 'passed'; readonly output: string | null }
  | { readonly kind: 'skipped'; readonly message: string }
  | {
      readonly kind: 'failure' | 'error';
      readonly type: string;
      readonly message: string;
      readonly lines: readonly string[];
    };

export interface JunitSuite {
  readonly name: string;
  readonly cases: readonly JunitCase[];
}

/** Suites as the XML that CI systems read. `passed` with an output keeps it as `<system-out>`. */
export function junitDocument(name: string, suites: readonly JunitSuite[]): string {
  const all = suites.flatMap((suite) => suite.cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${attributes({ name })} ${countAttributes(all)}>`,
    ...suites.flatMap(suiteLines),
    '</testsuites>',
    '',
  ].join('\n');
}

function suiteLines({ name, cases }: JunitSuite): string[] {
  return [
    `  <testsuite ${attributes({ name })} ${countAttributes(cases)}>`,
    ...cases.flatMap(caseLines),
    '  </testsuite>',
  ];
}

function caseLines({ name, className, result }: JunitCase): string[] {
  const head = `    <testcase ${attributes({ classname: className, name })}`;
  const content = resultElement(result);
  return content === null ? [`${head}/>`] : [`${head}>`, `      ${content}`, '    </testcase>'];
}

function resultElement(result: JunitResult): string | null {
  switch (result.kind) {
    case 'passed':
      return result.output === null ? null : `<system-out>${xmlText(printable(result.output))}</system-out>`;
    case 'skipped':
      return `<skipped ${attributes({ message: result.message })}/>`;
    case 'failure':
    case 'error': {
      const { kind, type, message, lines } = result;
      const head = `<${kind} ${attributes({ type, message })}`;
      if (lines.length === 0) return `${head}/>`;
      return `${head}>${lines.map((line) => xmlText(printable(line))).join('\n')}</${kind}>`;
    }
  }
}

function countAttributes(cases: readonly JunitCase[]): string {
  const count = (kind: JunitResult['kind']): string =>
    String(cases.filter(({ result }) => result.kind === kind).length);
  return attributes({
    tests: String(cases.length),
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
  });
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${xmlAttribute(printable(value))}`)
    .join(' ');
}
