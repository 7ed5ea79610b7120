/** Of a comparison, for its help. */
export const DIFF_EXIT_CODES = `
Exit codes:
  0  nothing drifted
  1  something drifted
  2  error: what was asked could not be done
  3  nothing drifted, but something was not checked`;
