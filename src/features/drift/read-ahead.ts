/**
 * What `source` gives, in its order, up to `count` ahead: while somebody works on one, the next are being read. What
 * fails is thrown where it would have been given. When nobody wants more, what is being read is waited for, and
 * `source` ended.
 */
export async function* readAhead<T>(source: AsyncGenerator<T>, count: number): AsyncGenerator<T> {
  const read = (): Promise<IteratorResult<T>> => {
    const next = source.next();
    // Nobody may ever ask for it.
    next.catch(() => {});
    return next;
  };
  const ahead: Promise<IteratorResult<T>>[] = [];
  try {
    for (;;) {
      while (ahead.length <= count) ahead.push(read());
      const next = await ahead.shift();
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    await source.return(undefined);
  }
}
