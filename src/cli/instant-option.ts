import { DriftplaneError } from '../core/errors.ts';

/**
 * The instant that an option means: as it is written, or a number of hours or days from now, such as `12h` or
 * `90d`. Throws `invalid_arguments`.
 */
export function instantOption(option: string, text: string, now: Date): string {
  const [, count, unit] = /^(\d{1,4})([hd])$/.exec(text) ?? [];
  const hours = unit === 'd' ? 24 : 1;
  const instant =
    count === undefined
      ? new Date(/^\d{4}-\d{2}-\d{2}/.test(text) ? text : Number.NaN)
      : new Date(now.getTime() + Number(count) * hours * 3_600_000);
  if (!Number.isNaN(instant.getTime())) return instant.toISOString();
  throw new DriftplaneError(
    'invalid_arguments',
    `${option} takes an instant such as 2027-01-31T00:00:00Z, or hours or days from now such as 12h or 90d, not ${JSON.stringify(text)}`,
  );
}
