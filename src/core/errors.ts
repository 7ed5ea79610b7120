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
    'Check the path and your rights to it.',
  ),
  internal_error: error(500, 'Driftplane failed', 'Please report it, with the message and the command.'),
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

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: readonly ErrorDetail[]; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'DriftplaneError';
    this.code = code;
    this.details = options.details ?? [];
  }
}

export interface ErrorDetail {
  /** JSON Pointer into the document at fault. */
  readonly pointer: string;
  /** 1-based line in the file, where it is known. */
  readonly line: number | null;
  readonly detail: string;
}
