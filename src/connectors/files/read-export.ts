import type { Problem } from '../../core/problem.ts';
import { type ArchiveEntry, isArchive, readArchive } from './archive.ts';
import { openStream, UnreadableFile } from './byte-source.ts';
import { listExportFiles } from './export-files.ts';
import { readRecords } from './read-file.ts';
import { type RecordBatch, splitRecords } from './split-records.ts';

/** A file of an export that is read once, from its start to its end. */
export interface ReadableFile {
  /** As the user can open it; in an archive `archive!/entry`. */
  readonly path: string;
  /** Throws UnreadableFile: then nothing of the file is to be used. */
  records(): AsyncGenerator<RecordBatch>;
}

/** What is read of an export, whether it is a folder, a file or an archive. */
export interface ReadableExport {
  /** What is wrong with it before anything is read. */
  readonly problems: readonly Problem[];
  /** Each is to be read before the next is asked for. Throws UnreadableFile where an archive breaks off. */
  files(): AsyncGenerator<ReadableFile> | Generator<ReadableFile>;
}

/** Opens the export at `path`. Throws `path_not_found` and `not_an_export`. */
export function openExport(path: string): ReadableExport {
  if (isArchive(path)) return { problems: [], files: () => filesOfArchive(path) };
  const listing = listExportFiles(path);
  return {
    problems: listing.problems,
    *files() {
      for (const file of listing.files) yield { path: file.path, records: () => readRecords(file) };
    },
  };
}

async function* filesOfArchive(path: string): AsyncGenerator<ReadableFile> {
  for await (const entry of readArchive(path)) {
    yield { path: entry.path, records: () => recordsOfEntry(entry) };
  }
}

async function* recordsOfEntry({
  source,
  form,
  expectedBytes,
  fault,
}: ArchiveEntry): AsyncGenerator<RecordBatch> {
  if (source === null) throw new UnreadableFile('unreadable_file', fault ?? 'it can not be read');
  yield* splitRecords(await openStream(source, { expectedBytes }), form);
}
