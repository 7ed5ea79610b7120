import { DriftplaneError, errorCatalogue } from '../core/errors.ts';

/** An error for a person at a terminal: what happened, each place that is wrong, what to do, the stable code. */
export function explainError(error: unknown): string {
  const known =
    error instanceof DriftplaneError
      ? error
      : new DriftplaneError('internal_error', error instanceof Error ? error.message : String(error), {
          cause: error,
        });
  const { action } = errorCatalogue[known.code];
  const places = known.details.map(({ pointer, line, detail }) => {
    const place = [line === null ? '' : `line ${line}`, pointer].filter((part) => part !== '').join(', ');
    return `  ${place === '' ? '' : `${place}: `}${detail}`;
  });
  return [`error: ${known.message} [${known.code}]`, ...places, action].map(printableLine).join('\n');
}

/** A path or a text from a file must not steer the terminal. */
function printableLine(line: string): string {
  return line.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}
