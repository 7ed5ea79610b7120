/** Where drift was observed, as far as plans decide by it. Recorded with the execution. */
export interface Observation {
  /** The binding and kind of the source; each null where there is none. */
  readonly source: {
    readonly kind: string | null;
    readonly serviceId: string | null;
    readonly repoFullName: string | null;
    readonly docClass: string | null;
  };
  /** Who pushed or asked for the current run; null where nobody is known. */
  readonly author: string | null;
  /** When the current run ended; an instant, ISO 8601 in UTC. Null where there is no run. */
  readonly observedAt: string | null;
}

/** A comparison of two exports: nothing is known of where they come from. */
export const offlineObservation: Observation = {
  source: { kind: null, serviceId: null, repoFullName: null, docClass: null },
  author: null,
  observedAt: null,
};
