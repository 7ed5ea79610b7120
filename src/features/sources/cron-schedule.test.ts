import { describe, expect, test } from 'vitest';
import { cronFault, nextTime, timeZoneFault } from './cron-schedule.ts';

describe('a cron expression', () => {
  test.each(['*/5 * * * *', '0 3 * * MON-FRI', '30 2 29 2 *', '  0 0 1 * * '])('can be %j', (cron) => {
    expect(cronFault(cron)).toBeNull();
  });

  test.each([
    ['', 'five fields'],
    ['* * * *', 'five fields'],
    ['0 * * * * *', 'five fields'],
    ['@daily', 'five fields'],
    ['2026-01-01T00:00:00', 'five fields'],
    ['60 * * * *', 'minute'],
    ['a * * * *', 'illegal characters'],
    ['0 0 31 2 *', 'there is no such day'],
    ['? * * * *', '"?" is not known'],
  ])('can not be %j', (cron, fault) => {
    expect(cronFault(cron)?.toLowerCase()).toContain(fault);
  });
});

test.each([
  ['Europe/Berlin', true],
  ['UTC', true],
  ['Mars/Olympus', false],
  ['+02:00', false],
  ['', false],
])('the time zone %j is known: %j', (timeZone, isKnown) => {
  expect(timeZoneFault(timeZone) === null).toBe(isKnown);
});

describe('the next time', () => {
  const at = (cron: string, timeZone: string, instant: string) =>
    nextTime({ cron, timeZone }, new Date(instant))?.toISOString() ?? null;

  test('is after the instant, not at it', () => {
    expect(at('0 * * * *', 'UTC', '2026-01-01T00:00:00.000Z')).toBe('2026-01-01T01:00:00.000Z');
    expect(at('0 * * * *', 'UTC', '2025-12-31T23:59:59.999Z')).toBe('2026-01-01T00:00:00.000Z');
  });

  test('is meant in the time zone', () => {
    expect(at('0 6 * * *', 'Asia/Tokyo', '2026-06-01T00:00:00Z')).toBe('2026-06-01T21:00:00.000Z');
  });

  test('comes once on the day on which the clock skips it', () => {
    const first = at('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z');

    expect(first).toBe('2026-03-29T01:00:00.000Z');
    expect(at('30 2 * * *', 'Europe/Berlin', first as string)).toBe('2026-03-30T00:30:00.000Z');
  });

  test('comes once on the day on which the clock shows it twice', () => {
    const first = at('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z');

    expect(first).toBe('2026-10-25T00:30:00.000Z');
    expect(at('30 2 * * *', 'Europe/Berlin', first as string)).toBe('2026-10-26T01:30:00.000Z');
  });
});
