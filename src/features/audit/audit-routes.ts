import { Readable } from 'node:stream';
import { z } from 'zod';
import { DriftplaneError } from '../../core/errors.ts';
import type { Database } from '../../db/database.ts';
import { type Api, readInWorkspace } from '../../http/api.ts';
import { decodeCursor, encodeCursor, pageQuery } from '../../http/page.ts';
import { problems } from '../../http/problem-contract.ts';
import { streamedAnswer } from '../../http/streamed-answer.ts';
import { auditFilterSchema, auditPageSchema } from './audit-contract.ts';
import { auditResponseOf, exportAuditTrail } from './audit-export.ts';
import { listAuditEvents } from './audit-read-model.ts';

const CURSOR_KIND = 'audit';

export function registerAuditRoutes(api: Api, { database }: { database: Database }): void {
  api.get(
    '/api/audit/:workspaceId',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['audit'],
        operationId: 'listAuditEvents',
        summary: 'The audit trail, newest first',
        params: z.object({ workspaceId: z.string() }),
        querystring: z.object({ ...auditFilterSchema, ...pageQuery }),
        response: { 200: auditPageSchema, ...problems('invalid_cursor') },
      },
    },
    async (request) => {
      const { cursor, limit, ...filter } = request.query;
      const beforeSeq = cursor === undefined ? null : readCursor(cursor);
      const rows = await readInWorkspace(database, request, (transaction) =>
        listAuditEvents(transaction, filter, { beforeSeq, limit: limit + 1 }),
      );
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      const isLast = rows.length <= limit || last === undefined;
      return {
        items: items.map(auditResponseOf),
        nextCursor: isLast ? null : encodeCursor(CURSOR_KIND, [last.seq]),
      };
    },
  );

  api.get(
    '/api/audit/:workspaceId/export',
    {
      config: { access: 'admin', isLongRunning: true },
      exposeHeadRoute: false,
      schema: {
        tags: ['audit'],
        operationId: 'exportAuditTrail',
        summary: 'The whole audit trail as NDJSON, oldest first; driftplane audit verify checks it offline',
        params: z.object({ workspaceId: z.string() }),
        response: streamedAnswer(
          'application/x-ndjson',
          'A line that names the workspace and the head of the chain, then one line per event',
        ),
      },
    },
    (request, reply) => {
      const lines = exportAuditTrail(request.access.workspaceId, (work) =>
        readInWorkspace(database, request, work),
      );
      return reply
        .type('application/x-ndjson')
        .header('Content-Disposition', `attachment; filename="audit-${request.access.workspaceId}.ndjson"`)
        .send(Readable.from(lines, { objectMode: false }));
    },
  );
}

function readCursor(cursor: string): number {
  const [seq] = decodeCursor(CURSOR_KIND, cursor, 1);
  if (typeof seq === 'number' && Number.isSafeInteger(seq)) return seq;
  throw new DriftplaneError('invalid_cursor', 'the cursor does not belong to this listing');
}
