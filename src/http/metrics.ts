/** What the features count. The server exposes it at /metrics; elsewhere `ignoredMetrics` takes it. */
export interface Metrics {
  /** A sync run was settled. `seconds` since it started. */
  runSettled(run: { readonly status: string; readonly trigger: string; readonly seconds: number }): void;
  /** Items and bytes of an export or a push were read; `changed` of the items were parsed. */
  ingested(part: {
    readonly bytes: number;
    readonly items: number;
    readonly changed: number;
    readonly seconds: number;
  }): void;
  /** A job ended; `outcome` failed means that it will be tried again or was given up. */
  jobEnded(job: {
    readonly kind: string;
    readonly outcome: 'succeeded' | 'failed' | 'released';
    readonly seconds: number;
  }): void;
  /** Findings were opened, resolved … by reconciliation or people. */
  findingsChanged(change: { readonly kind: string; readonly count: number }): void;
}

export const ignoredMetrics: Metrics = {
  runSettled() {},
  ingested() {},
  jobEnded() {},
  findingsChanged() {},
};
