import { escapeCodeUnits } from './printable.ts';

/** What XML 1.0 can't hold, not even as a reference. Source: https://www.w3.org/TR/xml/#charsets */
const notXml = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

const entities: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
  // In an attribute they would be read as spaces.
  ['\n', '&#10;'],
  ['\r', '&#13;'],
  ['\t', '&#9;'],
]);

/** `text` as the content of an element. */
export function xmlText(text: string): string {
  return text.replace(notXml, escapeCodeUnits).replace(/[&<>\r]/g, entityOf);
}

/** `text` as the value of an attribute, with its quotes. */
export function xmlAttribute(text: string): string {
  return `"${text.replace(notXml, escapeCodeUnits).replace(/[&<>"'\n\r\t]/g, entityOf)}"`;
}

function entityOf(char: string): string {
  return entities.get(char) ?? char;
}
