/** Where the CLI writes: data to stdout, talk to stderr, progress only where somebody is watching. */
export interface Terminal {
  /** Columns that a line on stdout may take. */
  readonly width: number;
  /** Columns that a table may take: where a program reads it, nothing of it is cut. */
  readonly tableWidth: number;
  readonly isColoured: boolean;
  /** Writes data; resolves when it has been taken, also when nobody reads any more. */
  write(text: string): Promise<void>;
  /** Says a line to the person. */
  say(text: string): void;
  /** Shows a line that the next one replaces; null takes it away. */
  progress(text: string | null): void;
}

/** Width where stdout is no terminal, such as in a log. */
const DEFAULT_WIDTH = 100;
/** Progress is shown at most this often. */
const PROGRESS_INTERVAL_MS = 100;

/** The terminal of this process. `COLUMNS`, `NO_COLOR` and `FORCE_COLOR` are honoured. */
export function processTerminal(): Terminal {
  const { stdout, stderr } = process;
  let shownAt = 0;
  let isProgressShown = false;
  // A reader that has seen enough (`| head`) closes the pipe; that is no failure of ours. Any other error reaches
  // whoever waits for the write.
  let isUnread = false;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    isUnread ||= error.code === 'EPIPE';
  });
  const width = stdout.columns ?? widthFrom(process.env.COLUMNS);
  return {
    width: width ?? DEFAULT_WIDTH,
    tableWidth: width ?? Number.POSITIVE_INFINITY,
    isColoured: isColourWanted(),
    write: (text) =>
      new Promise((resolve, reject) => {
        if (isUnread) {
          resolve();
          return;
        }
        stdout.write(text, (error: NodeJS.ErrnoException | null | undefined) => {
          if (error === null || error === undefined || error.code === 'EPIPE') resolve();
          else reject(error);
        });
      }),
    say(text) {
      stderr.write(`${text}\n`);
    },
    progress(text) {
      if (!stderr.isTTY) return;
      const now = performance.now();
      if (text !== null && now - shownAt < PROGRESS_INTERVAL_MS) return;
      if (text === null && !isProgressShown) return;
      shownAt = now;
      isProgressShown = text !== null;
      stderr.write(`\r\u001b[2K${text ?? ''}`);
    },
  };
}

function widthFrom(columns: string | undefined): number | undefined {
  const width = Number.parseInt(columns ?? '', 10);
  return width > 0 ? width : undefined;
}

function isColourWanted(): boolean {
  const { NO_COLOR: none, FORCE_COLOR: force } = process.env;
  if (none !== undefined && none !== '') return false;
  if (force !== undefined && force !== '') return force !== '0';
  return process.stdout.isTTY === true && process.env.TERM !== 'dumb';
}
