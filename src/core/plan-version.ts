import { generatePlanHash } from './plan-hash.ts';
import type { PlanContent } from './plan-schema.ts';

/** A version without its content: who made it, when, and of which one. */
export interface PlanVersionMetadata {
  /** From 1, without gaps. */
  readonly version: number;
  readonly versionHash: string;
  /** The version that it was made of; null for the first. */
  readonly parentVersion: number | null;
  /** Instant, ISO 8601 in UTC. */
  readonly createdAt: string;
  readonly createdBy: string;
}

/** The number behind the latest one of a plan; 1 where there is none. */
export function generateVersionNumber(latest: number | null): number {
  return (latest ?? 0) + 1;
}

export function createVersionMetadata(input: {
  readonly content: PlanContent;
  /** The latest version of the plan; null for a new plan. */
  readonly latest: number | null;
  /** Instant, ISO 8601 in UTC. */
  readonly now: string;
  readonly createdBy: string;
}): PlanVersionMetadata {
  return {
    version: generateVersionNumber(input.latest),
    versionHash: generatePlanHash(input.content),
    parentVersion: input.latest,
    createdAt: input.now,
    createdBy: input.createdBy,
  };
}

/** Whether a change makes a new version: one of content does, one of description or status does not. */
export function requiresNewVersion(before: PlanContent, after: PlanContent): boolean {
  return generatePlanHash(before) !== generatePlanHash(after);
}
