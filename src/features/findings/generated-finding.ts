// What generators hand over, whatever they compare.
import type { DriftType, Severity } from '../../core/drift-type.ts';
import type { ChangeKind } from '../../core/fingerprint.ts';
import type { JsonObject } from '../../core/json-value.ts';
import type { SubjectValue } from '../../core/known-finding.ts';

/** A finding as a generator made it, before anything is known of earlier ones. */
export interface GeneratedFindingInput {
  readonly fingerprint: string;
  readonly subjectKey: string;
  readonly findingType: 'drift';
  readonly driftType: DriftType;
  readonly change: ChangeKind;
  readonly scopeId: string;
  readonly sourceId: string;
  readonly itemType: string;
  readonly externalId: string;
  readonly label: string;
  readonly severity: Severity;
  /** 0 to 1, what the severity was taken from. */
  readonly impact: number;
  /** Confidence × impact, 0 to 1. */
  readonly score: number;
  /** Digest of the subject's value on each side, as `subjectValueHash` gives it; null where it was absent. */
  readonly baselineHash: string | null;
  readonly currentHash: string | null;
  readonly changeSignature: string;
  /** What is shown of the facts: allowed, redacted, capped (`capEvidence`). */
  readonly evidence: JsonObject;
  readonly route: string | null;
  readonly disposition: JsonObject | null;
}

/** A subject that a run has something to say about. */
export interface SubjectNow {
  readonly subjectKey: string;
  readonly valueNow: SubjectValue;
  /** In the baseline run; in rolling mode it is only asked whether the subject was gone. */
  readonly valueAtBaseline?: SubjectValue;
  readonly generated: GeneratedFindingInput | null;
}

/** Which execution the generated findings are of. */
export interface ReconcileContext {
  readonly mode: 'rolling' | 'pinned';
  readonly executionId: string;
  readonly runId: string;
  /** `sync_runs.run_seq` of the current run. */
  readonly runSeq: number;
  readonly scopeId: string;
  readonly planVersionHash: string | null;
  /** The plan and its version; null where the built-in default counted. */
  readonly planId: string | null;
  readonly planVersion: number | null;
  readonly hasPlan: boolean;
  readonly engineVersion: string;
}

/** How many findings each thing happened to. */
export interface ReconcileCounts {
  opened: number;
  seenAgain: number;
  recurred: number;
  reaccepted: number;
  reverted: number;
  superseded: number;
  /** Generated, and quiet on purpose: accepted, dismissed, the way back, flapping. */
  recorded: number;
  /** Back at the value before, where the state stays. */
  undone: number;
  /** Opened again as their acceptance had expired. */
  expired: number;
  flipped: number;
  markedFlapping: number;
  calmed: number;
}

/** A subject with findings, by what identifies it within its scope. */
export interface KnownSubject {
  readonly subjectKey: string;
  readonly driftType: DriftType;
  readonly itemType: string;
  readonly externalId: string;
}
