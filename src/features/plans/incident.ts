/** Something is wrong with a service, or with the whole workspace, until somebody says that it is over. */
export interface Incident {
  readonly incidentId: string;
  /** The id that it has where it comes from; unique, also among those that are over. */
  readonly externalId: string;
  readonly title: string;
  /** Null: it concerns the whole workspace. */
  readonly serviceId: string | null;
  readonly openedAt: Date;
  /** Null: it is open. */
  readonly closedAt: Date | null;
  readonly createdBy: string;
}
