import { UnreadableFile } from '../../connectors/files/byte-source.ts';
import type { ExportFile } from '../../connectors/files/export-files.ts';
import { openForRereading, readRecords } from '../../connectors/files/read-file.ts';
import type { RawItem } from '../../core/read-item.ts';
import type { RecordHome, SideRecord } from './reading.ts';
import { recordKey } from './record-key.ts';

/** A file gave other bytes than the first time. */
export class ChangedFile extends Error {
  readonly home: RecordHome;
  readonly fileIndex: number;
  constructor(home: RecordHome, fileIndex: number, cause: unknown) {
    super('the file changed between two readings', { cause });
    this.home = home;
    this.fileIndex = fileIndex;
  }
}

/**
 * Reads records of any sides again, file by file and in their order in it, and hands out the bytes, which
 * are valid during the call only. Throws ChangedFile where they are not what they were.
 */
export async function rereadRecords(
  records: Iterable<SideRecord>,
  onRecord: (record: SideRecord, raw: RawItem) => void,
): Promise<void> {
  for (const group of groupByFile(records)) {
    const { home, fileIndex } = group[0] as SideRecord;
    const file = home.files[fileIndex] as ExportFile;
    try {
      if (home.isVerbatim(fileIndex)) rereadVerbatim(file, group, onRecord);
      else await rereadDecoded(file, group, onRecord);
    } catch (error) {
      if (error instanceof UnreadableFile) throw new ChangedFile(home, fileIndex, error);
      throw error;
    }
  }
}

function groupByFile(records: Iterable<SideRecord>): SideRecord[][] {
  const groups = new Map<RecordHome, Map<number, SideRecord[]>>();
  for (const record of new Set(records)) {
    const files = groups.get(record.home) ?? new Map<number, SideRecord[]>();
    groups.set(record.home, files);
    const group = files.get(record.fileIndex);
    if (group === undefined) files.set(record.fileIndex, [record]);
    else group.push(record);
  }
  const all = [...groups.values()].flatMap((files) => [...files.values()]);
  for (const group of all) group.sort((a, b) => a.offset - b.offset);
  return all;
}

function rereadVerbatim(
  file: ExportFile,
  group: readonly SideRecord[],
  onRecord: (record: SideRecord, raw: RawItem) => void,
): void {
  const opened = openForRereading(file);
  try {
    for (const record of group) {
      const { key, inherited } = record.content;
      const bytes = opened.read(record.offset, record.length);
      if (recordKey(bytes, inherited) !== key) throw changed();
      onRecord(record, { bytes, start: 0, end: bytes.length, inherited });
    }
  } finally {
    opened.close();
  }
}

/** What was decoded or unpacked has to be so again from the start. */
async function rereadDecoded(
  file: ExportFile,
  group: readonly SideRecord[],
  onRecord: (record: SideRecord, raw: RawItem) => void,
): Promise<void> {
  let next = 0;
  for await (const batch of readRecords(file)) {
    for (const raw of batch.records) {
      const wanted = group[next];
      if (wanted === undefined) return;
      if (raw.offset !== wanted.offset) continue;
      if (recordKey(raw.bytes.subarray(raw.start, raw.end), raw.inherited) !== wanted.content.key)
        throw changed();
      onRecord(wanted, raw);
      next++;
    }
  }
  if (next < group.length) throw changed();
}

function changed(): UnreadableFile {
  return new UnreadableFile('file_changed', 'it gave other bytes when it was read again');
}
