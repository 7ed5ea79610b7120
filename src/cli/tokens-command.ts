import { type Command, Option } from 'commander';
import { DriftplaneError } from '../core/errors.ts';
import type { TokenResponse } from '../features/workspaces/token-contract.ts';
import { roles } from '../http/api.ts';
import { openApiClient } from './api-client.ts';
import { type Column, printListing, printRecord } from './print-listing.ts';
import type { Terminal } from './terminal.ts';

interface JsonOption {
  readonly json?: true;
}

const columns: readonly Column<TokenResponse>[] = [
  { title: 'TOKEN', value: (row) => row.tokenId },
  { title: 'NAME', value: (row) => row.name, canShrink: true },
  { title: 'ROLE', value: (row) => row.role },
  { title: 'STATE', value: stateOf },
  { title: 'LAST USED', value: (row) => row.lastUsedAt ?? 'never' },
  { title: 'EXPIRES', value: (row) => row.expiresAt ?? 'never' },
];

/** Adds `driftplane tokens`. */
export function addTokens(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  const tokens = program.command('tokens').description('the API tokens of the workspace');
  tokens
    .command('list')
    .description('list them, newest first')
    .option('--json', 'as JSON')
    .action(async (options: JsonOption) => {
      const rows = openApiClient(process.env).listAll<TokenResponse>({ resource: 'tokens' });
      await printListing(rows, columns, { json: options.json, empty: 'There is no token.' }, terminal);
      exitWith(0);
    });
  tokens
    .command('create')
    .description('create one; its text is printed, this once')
    .argument('<name>', 'what it is for')
    .addOption(new Option('--role <role>', 'what it may do').choices([...roles]).default('viewer'))
    .option('--expires <when>', 'an instant such as 2027-01-31T00:00:00Z, or a number of days such as 90d')
    .option('--json', 'as JSON')
    .action(async (name: string, options: JsonOption & { role: string; expires?: string }) => {
      const body = { name, role: options.role, expiresAt: expiryOf(options.expires, new Date()) };
      const created = await openApiClient(process.env).callOnce<TokenResponse & { token: string | null }>({
        method: 'POST',
        resource: 'tokens',
        body,
      });
      if (options.json === true) await terminal.write(`${JSON.stringify(created, null, 2)}\n`);
      else {
        terminal.say(`Token ${created.tokenId}. Its text is shown this once; keep it safe:`);
        await terminal.write(`${created.token ?? '(created before the connection broke: revoke it)'}\n`);
      }
      exitWith(0);
    });
  tokens
    .command('revoke')
    .description('end one for good')
    .argument('<token>', 'its id')
    .option('--json', 'as JSON')
    .action(async (tokenId: string, options: JsonOption) => {
      const token = await openApiClient(process.env).call<TokenResponse>({
        method: 'POST',
        resource: 'tokens',
        path: [tokenId, 'revoke'],
      });
      await printRecord(token, [['revoked', `${token.name} (${token.tokenId})`]], options, terminal);
      exitWith(0);
    });
}

function stateOf(token: TokenResponse): string {
  if (token.revokedAt !== null) return 'revoked';
  return token.expiresAt !== null && Date.parse(token.expiresAt) <= Date.now() ? 'expired' : 'live';
}

function expiryOf(text: string | undefined, now: Date): string | null {
  if (text === undefined) return null;
  const days = /^(\d{1,4})d$/.exec(text)?.[1];
  const instant = days === undefined ? new Date(text) : new Date(now.getTime() + Number(days) * 86_400_000);
  if (!Number.isNaN(instant.getTime())) return instant.toISOString();
  throw new DriftplaneError(
    'invalid_arguments',
    `--expires takes an instant or a number of days such as 90d, not ${JSON.stringify(text)}`,
  );
}
