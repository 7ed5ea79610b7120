/** Bounds on what is read. Every one is a listed problem when it is passed, never a crash. */
export const limits = {
  /** Bytes of one item, in UTF-8. Above it the item is not read. */
  maxItemBytes: 16 * 1024 * 1024,
  /** Bytes of a list in an object, which is read as a whole, and of what is skipped in an array to go on behind it. */
  maxListBytes: 64 * 1024 * 1024,
  /** Nested arrays and objects in one item. Graph exports stay below 40. */
  maxDepth: 512,
  /** Bytes of a plan or item type file. */
  maxConfigBytes: 1024 * 1024,
} as const;
