import pg from 'pg';
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** What must not stand in a line, wherever it came from: tokens, authorization headers, passwords in addresses. */
const secrets: readonly (readonly [RegExp, string])[] = [
  [/dp_[A-Za-z0-9_-]{16,}/g, 'dp_[redacted]'],
  [/\b(Bearer|Basic) +[A-Za-z0-9._~+/=-]+/gi, '$1 [redacted]'],
  [/(:\/\/)[^\s/@"\\]+@/g, '$1[redacted]@'],
];

/** `line` without anything that looks like a secret. */
function redactLine(line: string): string {
  return secrets.reduce((text, [pattern, mask]) => text.replace(pattern, mask), line);
}

/**
 * The log of the process: a JSON object a line, or lines for people where `isPretty`. Every line is redacted as
 * text, last of all, so that no field and no message can be forgotten.
 */
export function createLogger(options: {
  readonly level: LogLevel;
  readonly isPretty: boolean;
  readonly write: (line: string) => void;
}): Logger {
  const destination: DestinationStream = {
    write: (line) => options.write(redactLine(options.isPretty ? prettyLine(line) : line)),
  };
  return pino(loggerOptions(options.level), destination);
}

function loggerOptions(level: LogLevel): LoggerOptions {
  return {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: [
        '*.authorization',
        '*.cookie',
        '*.password',
        '*.token',
        '*.secret',
        '*.connectionString',
      ].flatMap((path) => [path, path.slice(2)]),
      censor: '[redacted]',
    },
    serializers: { err: describeError },
  };
}

/** An error for the log. What PostgreSQL says quotes values of rows, so only its code and names are kept. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const common = { type: error.name, ...('code' in error ? { code: error.code } : {}) };
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) };
  if (error instanceof pg.DatabaseError) {
    const { schema, table, constraint, routine } = error;
    return { ...common, schema, table, constraint, routine, frames };
  }
  return { ...common, message: error.message, frames, ...cause };
}

function prettyLine(line: string): string {
  const { time, level, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const fields = Object.entries(rest).map(([name, value]) => {
    return ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`;
  });
  return `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${String(msg ?? '')}${fields.join('')}\n`;
}
