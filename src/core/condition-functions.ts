// What conditions may call, with its types: the standard functions of CEL and the strings extension without `format`, `replace` and `reverse`.
import {
  BOOL,
  BYTES,
  type ConditionType,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  listOf,
  MAP,
  STRING,
  TIMESTAMP,
  TYPE,
  UINT,
} from './condition-type.ts';

export interface Overload {
  /** Null: it is called by itself; otherwise on a value of this type. */
  readonly target: ConditionType | null;
  readonly args: readonly ConditionType[];
  readonly result: ConditionType;
}

const func = (args: readonly ConditionType[], result: ConditionType): Overload => ({
  target: null,
  args,
  result,
});
const method = (target: ConditionType, args: readonly ConditionType[], result: ConditionType): Overload => ({
  target,
  args,
  result,
});
const conversions = (result: ConditionType, ...from: readonly ConditionType[]): Overload[] =>
  from.map((type) => func([type], result));
const sized = [STRING, BYTES, listOf(DYN), MAP];
// In UTC: without a time zone to name, the same condition says the same on every machine.
const getter = [method(TIMESTAMP, [], INT)];
const numbers = [INT, UINT, DOUBLE];
const arithmetic = numbers.map((type) => func([type, type], type));
const ordered = [
  ...numbers.flatMap((one) => numbers.map((other) => func([one, other], BOOL))),
  ...[BOOL, STRING, BYTES, TIMESTAMP, DURATION].map((type) => func([type, type], BOOL)),
];

/** By name. Operators have the names that the parser gives them. */
export const conditionFunctions: Readonly<Record<string, readonly Overload[]>> = {
  '_<_': ordered,
  '_<=_': ordered,
  '_>_': ordered,
  '_>=_': ordered,
  '_+_': [
    ...arithmetic,
    func([STRING, STRING], STRING),
    func([BYTES, BYTES], BYTES),
    func([DURATION, DURATION], DURATION),
    func([TIMESTAMP, DURATION], TIMESTAMP),
    func([DURATION, TIMESTAMP], TIMESTAMP),
  ],
  '_-_': [
    ...arithmetic,
    func([DURATION, DURATION], DURATION),
    func([TIMESTAMP, DURATION], TIMESTAMP),
    func([TIMESTAMP, TIMESTAMP], DURATION),
  ],
  '_*_': arithmetic,
  '_/_': arithmetic,
  '_%_': [func([INT, INT], INT), func([UINT, UINT], UINT)],
  '-_': [func([INT], INT), func([DOUBLE], DOUBLE)],
  size: [...sized.map((type) => func([type], INT)), ...sized.map((type) => method(type, [], INT))],
  contains: [method(STRING, [STRING], BOOL)],
  startsWith: [method(STRING, [STRING], BOOL)],
  endsWith: [method(STRING, [STRING], BOOL)],
  matches: [method(STRING, [STRING], BOOL)],
  int: conversions(INT, INT, UINT, DOUBLE, STRING, TIMESTAMP, DURATION),
  uint: conversions(UINT, UINT, INT, DOUBLE, STRING),
  double: conversions(DOUBLE, DOUBLE, INT, UINT, STRING),
  bool: conversions(BOOL, BOOL, STRING),
  bytes: conversions(BYTES, BYTES, STRING),
  string: conversions(STRING, STRING, BOOL, INT, UINT, DOUBLE, BYTES, TIMESTAMP, DURATION),
  timestamp: conversions(TIMESTAMP, TIMESTAMP, STRING),
  duration: conversions(DURATION, DURATION, STRING, INT),
  type: [func([DYN], TYPE)],
  dyn: [func([DYN], DYN)],
  getFullYear: getter,
  getMonth: getter,
  getDate: getter,
  getDayOfMonth: getter,
  getDayOfWeek: getter,
  getDayOfYear: getter,
  getHours: [...getter, method(DURATION, [], INT)],
  getMinutes: [...getter, method(DURATION, [], INT)],
  getSeconds: [...getter, method(DURATION, [], INT)],
  getMilliseconds: [...getter, method(DURATION, [], INT)],
  charAt: [method(STRING, [INT], STRING)],
  indexOf: [method(STRING, [STRING], INT), method(STRING, [STRING, INT], INT)],
  lastIndexOf: [method(STRING, [STRING], INT), method(STRING, [STRING, INT], INT)],
  lowerAscii: [method(STRING, [], STRING)],
  upperAscii: [method(STRING, [], STRING)],
  split: [method(STRING, [STRING], listOf(STRING))],
  substring: [method(STRING, [INT], STRING), method(STRING, [INT, INT], STRING)],
  trim: [method(STRING, [], STRING)],
  join: [method(listOf(STRING), [], STRING), method(listOf(STRING), [STRING], STRING)],
};
