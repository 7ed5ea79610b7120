import { isCutPath } from '../../core/finding-evidence.ts';
import type { ChangeKind } from '../../core/fingerprint.ts';
import { findNoise, type Noise } from '../../core/noise.ts';
import type { NoisyFinding } from '../../core/noise-rule.ts';
import type { WorkspaceTransaction } from '../../db/workspace-transaction.ts';
import { type AnalysedExecutions, analysed } from './analysed-executions.ts';

/** The newest findings that are looked at, and the most changes of theirs. */
const MAX_FINDINGS = 20_000;
const MAX_CHANGES = 100_000;
/** Findings of one batch: their evidence may have 64 KB each. */
const BATCH = 200;

/** Which paths make findings, and what an ignore rule would have spared. */
export interface PathNoise extends Noise {
  /** How many findings were looked at, the newest first. */
  readonly findings: number;
  /** Those that keep only a part of their changes. */
  readonly cutFindings: number;
}

/**
 * The noisiest paths of the findings that a plan opened, or that were opened in the whole workspace, without those that
 * the plan ignores by now. Calls `requireTime` between its statements.
 */
export async function findPathNoise(
  tx: WorkspaceTransaction,
  of: AnalysedExecutions,
  requireTime: () => void,
  isIgnored: (itemType: string, path: string) => boolean = () => false,
): Promise<PathNoise> {
  const findings: NoisyFinding[] = [];
  let changes = 0;
  await declareNoisyFindings(tx, of);
  for (;;) {
    requireTime();
    const { rows } = await tx.client.query<EvidenceRow>(`fetch ${BATCH} from noisy_findings`);
    for (const row of rows) {
      const finding = noisyFinding(row);
      changes += finding.paths.length;
      if (changes > MAX_CHANGES) break;
      findings.push(finding);
    }
    if (rows.length < BATCH || changes > MAX_CHANGES) break;
  }
  await tx.client.query('close noisy_findings');
  requireTime();
  return {
    findings: findings.length,
    cutFindings: findings.filter(({ isWhole }) => !isWhole).length,
    // What is ignored by now is not proposed again; findings that had nothing else are gone already.
    ...findNoise(
      findings
        .map((finding) => ({
          ...finding,
          paths: finding.paths.filter((path) => !isIgnored(finding.itemType, path)),
        }))
        .filter(({ paths }) => paths.length > 0),
    ),
  };
}

interface EvidenceRow {
  readonly itemType: string;
  readonly change: ChangeKind;
  readonly evidence: string;
}

async function declareNoisyFindings(tx: WorkspaceTransaction, of: AnalysedExecutions): Promise<void> {
  const { where, values } = analysed(tx, of);
  const columns = 'f.item_type as "itemType", f.change, f.evidence';
  const sql =
    of.planId === null
      ? `select ${columns} from driftplane.findings f
         where f.workspace_id = $1 and f.first_seen_at >= $2
         order by f.first_seen_at desc, f.finding_id desc limit ${MAX_FINDINGS}`
      : `select ${columns} from driftplane.executions e
         join driftplane.findings f on f.workspace_id = $1 and f.first_execution_id = e.execution_id
         where ${where}
         order by e.finished_at desc, f.finding_id desc limit ${MAX_FINDINGS}`;
  await tx.client.query(`declare noisy_findings no scroll cursor for ${sql}`, values);
}

/** Evidence is text: it may hold what jsonb refuses. */
function noisyFinding({ itemType, change, evidence }: EvidenceRow): NoisyFinding {
  if (change !== 'changed') return { itemType, paths: [''], isWhole: true };
  const { changes, truncated } = JSON.parse(evidence) as {
    readonly changes?: readonly { readonly path: string }[];
    readonly truncated?: { readonly shownChanges: number; readonly totalChanges: number } | null;
  };
  const paths = (changes ?? []).map(({ path }) => path);
  const known = paths.filter((path) => !isCutPath(path));
  const isAllListed = (truncated?.totalChanges ?? paths.length) === paths.length;
  return {
    itemType,
    paths: known,
    isWhole: paths.length > 0 && isAllListed && known.length === paths.length,
  };
}
