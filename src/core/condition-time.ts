import { type CelFunc, CelScalar, celMethod, objectType } from '@bufbuild/cel';
import { type Timestamp, TimestampSchema, timestampDate } from '@bufbuild/protobuf/wkt';

const TIMESTAMP = objectType(TimestampSchema);
const DAY_MS = 86_400_000;

/** The parts of an instant in UTC. The library's own go through the time zone of the machine. */
const parts: Readonly<Record<string, (at: Date) => number>> = {
  getFullYear: (at) => at.getUTCFullYear(),
  getMonth: (at) => at.getUTCMonth(),
  getDate: (at) => at.getUTCDate(),
  getDayOfMonth: (at) => at.getUTCDate() - 1,
  getDayOfWeek: (at) => at.getUTCDay(),
  getDayOfYear: (at) => Math.floor((at.getTime() - Date.UTC(at.getUTCFullYear(), 0, 1)) / DAY_MS),
  getHours: (at) => at.getUTCHours(),
  getMinutes: (at) => at.getUTCMinutes(),
  getSeconds: (at) => at.getUTCSeconds(),
  getMilliseconds: (at) => at.getUTCMilliseconds(),
};

export const utcGetters: readonly CelFunc[] = Object.entries(parts).map(([name, part]) =>
  celMethod(name, TIMESTAMP, [], CelScalar.INT, function () {
    return BigInt(part(timestampDate(this.message as Timestamp)));
  }),
);
