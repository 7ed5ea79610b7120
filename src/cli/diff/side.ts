import { UnreadableFile } from '../../connectors/files/byte-source.ts';
import { type ExportFile, listExportFiles } from '../../connectors/files/export-files.ts';
import { readRecords } from '../../connectors/files/read-file.ts';
import { type FileFault, type FileRecord, locatorText } from '../../connectors/files/split-records.ts';
import type { InheritedMembers, ItemTypeRegistry } from '../../core/item-type-registry.ts';
import type { Problem } from '../../core/problem.ts';
import { type Content, type RecordHome, SideRecord } from './reading.ts';
import { recordKey } from './record-key.ts';

/** The one content that all records with this key share. */
export type ContentLookup = (key: string, inherited: InheritedMembers) => Content;

/** One of the two exports. */
export class Side implements RecordHome {
  readonly name: 'baseline' | 'current';
  readonly files: readonly ExportFile[];
  readonly otherFileCount: number;
  /** In the order of the files and of the records in them. */
  records: SideRecord[] = [];
  readonly problems: Problem[] = [];
  readonly #registry: ItemTypeRegistry;
  readonly #contentFor: ContentLookup;
  readonly #decodedFiles = new Set<number>();

  constructor(
    name: 'baseline' | 'current',
    path: string,
    options: { registry: ItemTypeRegistry; contentFor: ContentLookup },
  ) {
    const listing = listExportFiles(path);
    this.name = name;
    this.files = listing.files;
    this.otherFileCount = listing.otherFileCount;
    this.problems.push(...listing.problems);
    this.#registry = options.registry;
    this.#contentFor = options.contentFor;
  }

  isVerbatim(fileIndex: number): boolean {
    return !this.#decodedFiles.has(fileIndex);
  }

  /**
   * Reads all files once and keeps a record of each value. `onRecord` may look at the bytes while it is
   * called. A file that can't be read to its end is a problem, and nothing of it is kept.
   */
  async read(
    onRecord: (record: SideRecord, raw: FileRecord) => void,
    onProgress: (count: number) => void,
  ): Promise<void> {
    for (const [fileIndex, file] of this.files.entries()) {
      const recordCount = this.records.length;
      const problemCount = this.problems.length;
      try {
        for await (const batch of readRecords(file)) {
          if (!batch.isVerbatim) this.#decodedFiles.add(fileIndex);
          for (const raw of batch.records) {
            const record = this.#keep(raw, fileIndex);
            onRecord(record, raw);
          }
          for (const fault of batch.faults) this.problems.push(this.#problemOf(fault, file));
          onProgress(this.records.length);
        }
      } catch (error) {
        this.records.length = recordCount;
        this.problems.length = problemCount;
        this.#addFileProblem(file, error);
      }
    }
  }

  /** Takes back all that was read of a file, because it could not be read again. */
  dropFile(fileIndex: number, error: unknown): void {
    this.records = this.records.filter((record) => record.fileIndex !== fileIndex);
    this.#addFileProblem(this.files[fileIndex] as ExportFile, error);
  }

  #keep(raw: FileRecord, fileIndex: number): SideRecord {
    const key = recordKey(raw.bytes.subarray(raw.start, raw.end), raw.inherited);
    const place = { offset: raw.offset, length: raw.end - raw.start, locator: raw.locator };
    const record = new SideRecord(this, fileIndex, place, this.#contentFor(key, raw.inherited));
    this.records.push(record);
    return record;
  }

  #addFileProblem(file: ExportFile, error: unknown): void {
    if (!(error instanceof UnreadableFile)) throw error;
    this.problems.push({ code: error.code, path: file.path, detail: error.message, itemType: null });
  }

  #problemOf(fault: FileFault, file: ExportFile): Problem {
    const path = file.path + locatorText(fault.locator);
    const { type } = this.#registry.identify({}, fault.inherited);
    return {
      code: fault.code,
      path,
      detail: fault.detail,
      itemType: type.definition.isFallback ? null : type.name,
    };
  }
}
