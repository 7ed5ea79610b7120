/** The items of one type that were identified by a guess. */
export interface GuessedIds {
  readonly itemType: string;
  /** The members that the ids were taken from. */
  readonly pointers: readonly string[];
}

export interface RenamedIds extends GuessedIds {
  /** How many of them are live. */
  readonly live: number;
  /** Whether live items of the type have real ids already, from a run that could not prove the others gone. */
  readonly isBegun: boolean;
}
