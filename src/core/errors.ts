import type { JsonObject } from './json-value.ts';

/**
 * Everything that can go wrong, by its stable code. `error` ends what was asked (exit 2, or the HTTP status);
 * `problem` is listed beside the result. What a problem leaves undone is in `effect`.
 */
export interface CatalogueEntry {
  readonly kind: 'error' | 'problem';
  /** Only for problems. */
  readonly effect?: ProblemEffect;
  /** HTTP status where it ends a request. */
  readonly status: number;
  /** What happened, as a heading. */
  readonly title: string;
  /** What to do about it. */
  readonly action: string;
}

/**
 * - `unread`: something was not read that may have held items of any type, so no type of the export is complete;
 * - `type_unread`: the same, but its type is known, so only that one is incomplete;
 * - `excluded`: one known item is left out of the comparison;
 * - `notice`: nothing is left out.
 */
export type ProblemEffect = 'unread' | 'type_unread' | 'excluded' | 'notice';

function problem(effect: ProblemEffect, title: string, action: string) {
  return { kind: 'problem', effect, status: 422, title, action } as const;
}

function error(status: number, title: string, action: string) {
  return { kind: 'error', status, title, action } as const;
}

export const errorCatalogue = {
  // Problems of an export.
  invalid_json: problem(
    'unread',
    'Not valid JSON',
    'Export the object again, or mend the file at the place named.',
  ),
  empty_file: problem('unread', 'The file is empty', 'Export the object again; an empty list is written [].'),
  not_text: problem(
    'unread',
    'Not text',
    'Remove the file from the export, or give it another name than .json.',
  ),
  invalid_encoding: problem('unread', 'Not UTF-8 or UTF-16', 'Save the file as UTF-8.'),
  invalid_gzip: problem('unread', 'Not a complete gzip stream', 'Copy or compress the file again.'),
  invalid_archive: problem('unread', 'Not a complete archive', 'Pack or copy the archive again.'),
  not_an_object: problem(
    'unread',
    'Not a JSON object',
    'An item is a JSON object; leave anything else out of the export.',
  ),
  item_too_large: problem(
    'unread',
    'The item is too large',
    'Leave it out of the export; write a long list as NDJSON or as a plain array.',
  ),
  nesting_too_deep: problem('unread', 'Nested too deep', 'Leave the object out of the export.'),
  unreadable_file: problem(
    'unread',
    'The file can not be read',
    'Check that it is there and that you may read it.',
  ),
  unreadable_folder: problem('unread', 'The folder can not be read', 'Check that you may list it.'),
  link_leaves_tree: problem(
    'unread',
    'A symbolic link leads out of the export',
    'Copy what it points to into the export.',
  ),
  file_changed: problem(
    'unread',
    'The file changed while it was read',
    'Compare again when nothing writes to the export.',
  ),
  incomplete_pages: problem(
    'type_unread',
    'A list ends before its last page',
    'Export all pages, to the last nextLink.',
  ),
  missing_identity: problem(
    'type_unread',
    'The item has no identity',
    'Export it with its id, or define its type.',
  ),
  identity_guessed: problem(
    'notice',
    'The identity was guessed',
    'Export the items with their ids, or define the type with --types.',
  ),
  unstorable_id: problem(
    'type_unread',
    'The id of an item can not be kept',
    'Export the item under an id without NUL and half surrogate pairs.',
  ),
  mixed_identity: problem(
    'type_unread',
    'Items are identified in different ways',
    'Define the type with --types.',
  ),
  duplicate_key: problem('excluded', 'A member name stands twice in one object', 'Remove one of the two.'),
  conflicting_items: problem(
    'excluded',
    'The same identity with different content',
    'Remove all but one of them.',
  ),
  identity_replaced: problem(
    'notice',
    'Items came with ids for the first time',
    'None needed: they take the place of those that were named by guess.',
  ),
  companion_file: problem('notice', 'A file beside the items', 'None needed: it holds no item.'),
  duplicate_item: problem('notice', 'The same item more than once', 'None needed: it counts once.'),
  unsafe_number: problem(
    'notice',
    'A number too large for a double',
    'None needed: it is compared digit by digit.',
  ),
  unknown_item_type: problem(
    'notice',
    'An unknown item type',
    'Define the type with --types for exact results.',
  ),

  // What ends a command.
  invalid_arguments: error(400, 'The arguments are not right', 'See driftplane --help.'),
  path_not_found: error(404, 'There is nothing at this path', 'Check the path.'),
  not_an_export: error(422, 'There is no export at this path', 'Give a folder, a .json or an .ndjson file.'),
  invalid_plan: error(422, 'The plan is not valid', 'Mend the places named.'),
  invalid_item_types: error(422, 'The item types are not valid', 'Mend the places named.'),
  unreadable_config: error(
    422,
    'A configuration file can not be read',
    'Do what the message says, or check the path and your rights to it.',
  ),
  internal_error: error(500, 'Driftplane failed', 'Please report it, with the message and the command.'),

  // What keeps the server from working.
  database_in_use: error(
    409,
    'The data directory is in use',
    'Stop the process named, or set DRIFTPLANE_DATA_DIR to another directory.',
  ),
  database_version_mismatch: error(
    409,
    'The database is of another PostgreSQL version',
    'Follow the instructions in the message; nothing was changed.',
  ),
  embedded_unavailable: error(
    503,
    'The embedded PostgreSQL can not run here',
    'Mend what is named, or set DATABASE_URL to a PostgreSQL server of version 15 or newer.',
  ),
  database_unreachable: error(
    503,
    'The database can not be reached',
    'Check that the server runs, and its address and credentials.',
  ),
  migration_failed: error(
    500,
    'A migration failed',
    'Nothing of it was applied. Mend what is named and start again, or report it.',
  ),
  database_too_new: error(
    409,
    'The database was migrated by a newer Driftplane',
    'Install that version or a newer one, or restore a backup from before the upgrade.',
  ),
  // What a server answers to a request.
  unauthenticated: error(
    401,
    'No valid token',
    'Send Authorization: Bearer with a token that has neither expired nor been revoked.',
  ),
  forbidden: error(403, 'The role of the token does not allow it', 'Use a token of the role named.'),
  route_not_found: error(404, 'There is nothing at this address', 'See /api/docs for what there is.'),
  workspace_not_found: error(
    404,
    'There is no such workspace',
    'Check the id; a token sees its own workspace only.',
  ),
  token_not_found: error(404, 'There is no such token', 'Check the id in the list of tokens.'),
  source_not_found: error(404, 'There is no such source', 'Check the id in the list of sources.'),
  scope_not_found: error(404, 'There is no such scope', 'Check the id in the list of scopes.'),
  run_not_found: error(404, 'There is no such run', 'Check the id in the list of runs.'),
  item_not_found: error(404, 'There is no such item', 'Check the id in the list of items.'),
  state_not_kept: error(
    410,
    'The state is not kept any more',
    'Choose a later run, or keep versions longer in the settings of the workspace.',
  ),
  item_type_not_found: error(404, 'There is no such item type', 'Check the name in the list of types.'),
  finding_not_found: error(404, 'There is no such finding', 'Check the id in the list of findings.'),
  execution_not_found: error(404, 'There is no such execution', 'Check the id in the list of executions.'),
  plan_not_found: error(404, 'There is no such plan', 'Check the id in the list of plans.'),
  plan_version_not_found: error(
    404,
    'There is no such version of the plan',
    'Check the number in the list of its versions.',
  ),
  plan_template_not_found: error(
    404,
    'There is no such plan template',
    'Check the id in the list of templates.',
  ),
  plan_exists: error(
    409,
    'Another plan has the same content',
    'Use the plan named, restore it where it is archived, or make this one different.',
  ),
  plan_ambiguous: error(409, 'Several plans could be meant', 'Name one of them by its id.'),
  scope_taken: error(
    409,
    'Another plan is in force for this scope',
    'Change or archive the plan named, or choose another scope.',
  ),
  approval_required: error(
    409,
    'The version has not been approved',
    'Submit it for review, and have as many others approve it as the workspace wants.',
  ),
  own_plan_version: error(
    403,
    'Nobody approves a version of their own',
    'Ask somebody else, with another token.',
  ),
  backtest_not_found: error(404, 'There is no such backtest', 'Check the id in the list of backtests.'),
  too_many_backtests: error(
    409,
    'Too many backtests wait',
    'Wait until some of them are over, or cancel those that nobody needs.',
  ),
  incident_not_found: error(404, 'There is no such incident', 'Check the id in the list of incidents.'),
  invalid_request: error(400, 'The request is not valid', 'Mend the places named.'),
  invalid_cursor: error(
    400,
    'The cursor is not valid',
    'Start again at the first page, or repeat nextCursor as it was given.',
  ),
  body_too_large: error(413, 'The body of the request is too large', 'Send less at once.'),
  unsupported_media_type: error(
    415,
    'The body is of another media type',
    'Send the media type named in /api/docs.',
  ),
  request_timeout: error(
    408,
    'The request took too long',
    'Send it again; a body must arrive without long pauses.',
  ),
  rate_limited: error(429, 'Too many requests', 'Wait as long as Retry-After says.'),
  overloaded: error(503, 'The server has too much to do', 'Send it again after as long as Retry-After says.'),
  invalid_transition: error(
    409,
    'Its state does not allow it',
    'See the state it is in, and what that allows.',
  ),
  revision_mismatch: error(
    412,
    'It was changed in the meantime',
    'Read it again and repeat the change on that revision.',
  ),
  precondition_required: error(428, 'If-Match is missing', 'Send If-Match with the ETag of what you read.'),
  idempotency_conflict: error(
    422,
    'The Idempotency-Key was used for another request',
    'Use a new key for a new request.',
  ),
  answer_pending: error(
    409,
    'The answer to this Idempotency-Key is not there',
    'Send it again in a moment; where that does not help, see whether it was done: it is never done twice.',
  ),
  name_taken: error(409, 'The name is taken', 'Choose another name.'),
  run_in_progress: error(
    409,
    'Another run of the scope is in progress',
    'Wait for the run named, or cancel it.',
  ),
  run_not_open: error(409, 'The run takes no more parts', 'Open a new run.'),
  run_not_held: error(409, 'The run is not held', 'Look at its status: it was settled meanwhile.'),
  run_interrupted: error(500, 'The run was interrupted', 'Start it again; nothing of it was applied.'),
  run_cancelled: error(409, 'The run was cancelled', 'Start it again; nothing of it was applied.'),
  push_abandoned: error(408, 'The client stopped sending', 'Open a new run; nothing of it was applied.'),
  staging_lost: error(
    409,
    'The staged items of the run are gone',
    'Sync again: the database was restarted after a crash, and what was not applied went with it.',
  ),
  database_full: error(
    507,
    'The database has no room left',
    'Make room on its disk, then do it again; nothing of it was applied.',
  ),
  wrong_source_kind: error(
    409,
    'The source is of another kind',
    'Sync sources of files, push to those of pushes.',
  ),
  head_moved: error(409, 'Another run was applied in the meantime', 'Reject this run and sync again.'),
  part_conflict: error(
    409,
    'The part was sent before with another content',
    'Repeat a part byte by byte, or open a new run.',
  ),
  invalid_part: error(
    422,
    'The part is not NDJSON throughout',
    'Mend the lines named and send the part again; nothing of it was kept.',
  ),
  parts_missing: error(409, 'Parts of the run are missing', 'Send the parts named, then close it again.'),
  path_not_allowed: error(
    422,
    'The path lies outside the configured roots',
    'Choose a path inside one of DRIFTPLANE_FILE_ROOTS, or add the root and restart.',
  ),
  query_too_broad: error(
    422,
    'Too much to go through',
    'Name less of it: of findings a state, and one of scope, source, item type, drift type, change or signature; of items a scope or a type; of analytics fewer days.',
  ),
  count_mismatch: error(
    409,
    'Another number of findings matches',
    'Look at them again with dryRun, and repeat it with the number found.',
  ),
  not_replayable: error(
    409,
    'The execution can not be computed again',
    'None: the reason says what is no longer there.',
  ),
  invalid_config: error(400, 'The configuration is not valid', 'Mend the variables named.'),
  address_in_use: error(
    409,
    'The address is in use',
    'Stop what listens there, or choose another with --port.',
  ),
  server_unreachable: error(
    503,
    'The Driftplane server can not be reached',
    'Check DRIFTPLANE_URL, and that the server runs.',
  ),
  unsafe_database_role: error(
    503,
    'The database role would pass over row-level security',
    'Connect as a role without SUPERUSER and BYPASSRLS.',
  ),
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof errorCatalogue;
export type ProblemCode = {
  [Code in ErrorCode]: (typeof errorCatalogue)[Code]['kind'] extends 'problem' ? Code : never;
}[ErrorCode];

/** Something that ended what was asked. The message is for people and holds no value of an export. */
export class DriftplaneError extends Error {
  readonly code: ErrorCode;
  /** All that is wrong, where it is more than one thing: a place (JSON Pointer, or line and column) and a text each. */
  readonly details: readonly ErrorDetail[];
  /** What a program needs to go on, beside the code: `allowed`, `runId` … Members of the problem document. */
  readonly extensions: JsonObject;

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: readonly ErrorDetail[]; extensions?: JsonObject; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'DriftplaneError';
    this.code = code;
    this.details = options.details ?? [];
    this.extensions = options.extensions ?? {};
  }

  /** The same, told with other places: those of the file that was sent, say. */
  withDetails(details: readonly ErrorDetail[]): DriftplaneError {
    return new DriftplaneError(this.code, this.message, {
      details,
      extensions: this.extensions,
      cause: this,
    });
  }
}

export interface ErrorDetail {
  /** JSON Pointer into the document at fault. */
  readonly pointer: string;
  /** 1-based line in the file, where it is known. */
  readonly line: number | null;
  readonly detail: string;
}
