import { printable } from './printable.ts';

/**
 * Plain text of a SARIF message that means only itself: braces would be placeholders and are doubled (SARIF 2.1.0,
 * 3.11.5); `](` would make what stands before it a link (3.11.6) and is broken up.
 */
export function sarifText(text: string): string {
  return printable(text).replaceAll('{', '{{').replaceAll('}', '}}').replaceAll('](', ']\\u0028');
}
