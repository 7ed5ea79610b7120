import { type Command, Option } from 'commander';
import { driftTypes, severities } from '../core/drift-type.ts';
import { findingStates } from '../core/finding-lifecycle.ts';
import type { SourceResponse } from '../features/sources/source-contract.ts';
import type { ApiClient } from './api-client.ts';
import { instantOption } from './instant-option.ts';
import { findSource } from './sources-find.ts';

/** The filter flags as they were given. */
export interface FilterOptions {
  readonly state?: readonly string[];
  readonly severity?: readonly string[];
  readonly driftType?: readonly string[];
  readonly change?: readonly string[];
  readonly itemType?: readonly string[];
  readonly scope?: readonly string[];
  readonly source?: readonly string[];
  readonly signature?: readonly string[];
  readonly fingerprint?: string;
  readonly externalId?: string;
  readonly flapping?: true;
  readonly text?: string;
  readonly openedSince?: string;
  readonly openedBefore?: string;
}

/** The filter as the API has it, in a query or a body. */
export type FilterFields = Readonly<Record<string, string | boolean | readonly string[]>>;

/** Adds the filter flags; those that can name several values are repeated or given a list. */
export function addFilterOptions(command: Command): Command {
  const states = [...findingStates, 'open', 'unresolved'];
  return command
    .addOption(
      new Option('--state <state...>', 'in one of these states; open: new or acknowledged').choices(states),
    )
    .addOption(new Option('--severity <severity...>', 'of one of these').choices([...severities]))
    .addOption(new Option('--drift-type <type...>', 'of one of these').choices([...driftTypes]))
    .addOption(new Option('--change <change...>', 'of one of these').choices(['added', 'removed', 'changed']))
    .option('--item-type <type...>', 'of items of one of these types')
    .option('--scope <id...>', 'of one of these scopes')
    .option('--source <source...>', 'of one of these sources (name or id)')
    .option('--signature <signature...>', 'the same change, wherever it happened')
    .option('--fingerprint <fingerprint>', 'the one with this fingerprint')
    .option('--external-id <id>', 'of the item with this id')
    .option('--flapping', 'that go back and forth')
    .option('--text <text>', 'with this in the label, in any case')
    .option('--opened-since <instant>', 'first seen not before, such as 2026-11-01T00:00:00Z')
    .option('--opened-before <instant>', 'first seen before');
}

/** What the flags mean; empty where none was given. Throws `source_not_found`. */
export async function filterFields(api: ApiClient, options: FilterOptions, now: Date): Promise<FilterFields> {
  const { state, severity, driftType, change, itemType, signature, fingerprint, externalId, text } = options;
  const { scope, source, openedSince, openedBefore } = options;
  const sourceId = source && (await Promise.all(source.map((each) => findSource(api, each)))).map(idOf);
  const fields = {
    state,
    severity,
    driftType,
    change,
    itemType,
    scopeId: scope,
    sourceId,
    signature,
    fingerprint,
    externalId,
    text,
    flapping: options.flapping,
    openedFrom: openedSince === undefined ? undefined : instantOption('--opened-since', openedSince, now),
    openedBefore:
      openedBefore === undefined ? undefined : instantOption('--opened-before', openedBefore, now),
  };
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

const idOf = ({ sourceId }: SourceResponse): string => sourceId;
