import { closeSync, openSync, readSync } from 'node:fs';
import { openFile, UnreadableFile } from './byte-source.ts';
import { type ExportFile, systemErrorText } from './export-files.ts';
import { type RecordBatch, splitRecords } from './split-records.ts';

export interface FileBatch extends RecordBatch {
  /** Records can be read again by their offset. */
  readonly isVerbatim: boolean;
}

/**
 * The records of one file of an export. Throws UnreadableFile, also when the file has changed meanwhile:
 * what was read of it before is then not to be used.
 */
export async function* readRecords(file: ExportFile): AsyncGenerator<FileBatch> {
  const opened = await openFile(file.path);
  try {
    const { isVerbatim } = opened;
    for await (const batch of splitRecords(opened, file.form)) yield { ...batch, isVerbatim };
    if (opened.hasChanged())
      throw new UnreadableFile('file_changed', 'its size or time of change is another now');
  } finally {
    opened.close();
  }
}

/** Reads parts of a file again. Parts shorter than asked for mean that the file has changed. Throws UnreadableFile. */
export function openForRereading(file: ExportFile): {
  read(offset: number, length: number): Buffer;
  close(): void;
} {
  const fd = openAgain(file.path);
  return {
    read(offset, length) {
      const bytes = Buffer.allocUnsafe(length);
      try {
        return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
      } catch (cause) {
        throw new UnreadableFile('unreadable_file', systemErrorText(cause), cause);
      }
    },
    close: () => closeSync(fd),
  };
}

function openAgain(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw new UnreadableFile('file_changed', systemErrorText(cause), cause);
  }
}
