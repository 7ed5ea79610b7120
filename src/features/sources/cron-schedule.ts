import { Cron } from 'croner';
import type { SyncSchedule } from './source.ts';

/** What is wrong with a cron expression, or null. */
export function cronFault(cron: string): string | null {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5 || cron.trim() === '') {
    return 'five fields: minute, hour, day of the month, month, day of the week';
  }
  // It would stand for the time at which it is read, so the schedule would be another one each time.
  if (cron.includes('?')) return '"?" is not known here; write "*"';
  try {
    const next = open({ cron, timeZone: 'UTC' }).nextRun(ANY_INSTANT);
    return next === null ? 'there is no such day' : null;
  } catch (cause) {
    return cause instanceof Error ? cause.message.replace(/^CronPattern: /, '') : 'not a cron expression';
  }
}

/** A leap year, so that the 29th of February is found. */
const ANY_INSTANT = new Date('2024-01-01T00:00:00Z');

/** What is wrong with the name of a time zone, or null. */
export function timeZoneFault(timeZone: string): string | null {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch {
    return 'not the name of a time zone, such as "Europe/Berlin" or "UTC"';
  }
  return /^[+-]/.test(timeZone) ? 'a name such as "Europe/Berlin", not an offset' : null;
}

/** The first time of the schedule after `instant`; null where none comes any more. Both faults are null. */
export function nextTime(schedule: SyncSchedule, instant: Date): Date | null {
  return open(schedule).nextRun(instant);
}

function open({ cron, timeZone }: SyncSchedule): Cron {
  return new Cron(cron.trim(), { mode: '5-part', timezone: timeZone, paused: true });
}
