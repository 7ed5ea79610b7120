import { z } from 'zod';
import { isStorable, storableFault } from './storable-text.ts';

/** Several lines of text in NFC, without white space around it. */
export const planText = (maxLength: number) =>
  z
    .string()
    .refine(isStorable, storableFault)
    .normalize('NFC')
    .trim()
    .max(maxLength, `it is longer than ${maxLength} characters`);

/** One line of text in NFC, without white space around it. */
export const planLine = (maxLength: number) =>
  planText(maxLength)
    .min(1, 'it is empty')
    // U+0000 is told already.
    .refine((text) => !/(?!\0)\p{Cc}/u.test(text), 'it holds a control character');

/** Characters of a service's id or a repository's name at most. */
export const MAX_SCOPE_REF = 200;

/** The name of a repository, in lower case: `owner/name`, with groups in between where the host has them. */
export const isRepoName = (name: string): boolean => /^[^\s/]+(?:\/[^\s/]+)+$/.test(name);

/** What is said where `isRepoName` is false. */
export const repoNameFault = 'a repository is written owner/name';

/** A repository's name as it is kept and compared. Lower case can leave NFC (a capital J with caron), so that is last. */
export const repoKey = (name: string): string =>
  isPlain(name) ? name.toLowerCase() : name.normalize('NFC').trim().toLowerCase().normalize('NFC');

/** Whether a text is as it is stored already, as nearly all are: printable ASCII without white space. */
export const isPlain = (text: string): boolean => /^[\x21-\x7e]*$/.test(text);
