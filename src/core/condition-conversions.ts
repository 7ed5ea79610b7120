import { type CelFunc, CelScalar, celFunc, celUint, objectType } from '@bufbuild/cel';
import { fromJson } from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';

const { DOUBLE, INT, STRING, UINT } = CelScalar;

const MAX_INT = 2n ** 63n - 1n;
const MAX_UINT = 2n ** 64n - 1n;

/**
 * Numbers and instants of texts that are none are errors, so that a condition on them holds nothing back. The library's
 * own take the empty text for 0, any word for NaN, and the 30th of February for the 2nd of March.
 */
export const strictConversions: readonly CelFunc[] = [
  celFunc('int', [STRING], INT, (text) => integer(text, /^[+-]?\d{1,19}$/, [-MAX_INT - 1n, MAX_INT])),
  celFunc('uint', [STRING], UINT, (text) => celUint(integer(text, /^\d{1,20}$/, [0n, MAX_UINT]))),
  celFunc('double', [STRING], DOUBLE, (text) => {
    if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) throw new Error('it is no number');
    const value = Number(text);
    if (!Number.isFinite(value)) throw new Error('it is out of range');
    return value;
  }),
  celFunc('timestamp', [STRING], objectType(TimestampSchema), (text) => {
    if (!isDayAndHour(text)) throw new Error('there is no such day, or hour');
    return fromJson(TimestampSchema, text);
  }),
];

function integer(text: string, form: RegExp, [least, most]: readonly [bigint, bigint]): bigint {
  if (!form.test(text)) throw new Error('it is no whole number');
  const value = BigInt(text.replace('+', ''));
  if (value < least || value > most) throw new Error('it is out of range');
  return value;
}

/** Whether the day that an instant begins with is one of its month, and the hour one of the day. */
function isDayAndHour(instant: string): boolean {
  const [, year, month, day, hour] = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d)/.exec(instant) ?? [];
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  return Number(day) <= days && Number(hour) < 24;
}
