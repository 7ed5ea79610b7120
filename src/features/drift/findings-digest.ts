import { createHash } from 'node:crypto';
import { canonicalJson } from '../../core/canonical-json.ts';
import { findingToJson } from '../../core/diff-report.ts';
import type { Finding } from '../../core/generate.ts';

/** `digestFindings` of findings that come one by one, in the order of the drift they tell. */
export class FindingsDigest {
  readonly #hash = createHash('sha256').update('[', 'utf8');
  #isEmpty = true;

  add(finding: Finding): void {
    this.#hash.update((this.#isEmpty ? '' : ',') + canonicalJson(findingToJson(finding)), 'utf8');
    this.#isEmpty = false;
  }

  /** 64 hex digits. Nothing can be added afterwards. */
  finish(): string {
    return this.#hash.update(']', 'utf8').digest('hex');
  }
}
