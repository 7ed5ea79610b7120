import type { CelInput } from '@bufbuild/cel';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ConditionMeter } from './condition-meter.ts';
import type { JsonValue } from './json-value.ts';

/** A value as conditions are given it; a Date is an instant, null one that is not known. */
export type ConditionValue = JsonValue | Date | readonly JsonValue[];

/**
 * The value as the library takes it. Objects become maps: their members are data, whatever they are called. Text is
 * brought to NFC as that of the condition is. Charges for its size.
 */
export function celInput(value: ConditionValue, meter: ConditionMeter): CelInput {
  if (value instanceof Date) return timestampFromDate(value);
  if (typeof value === 'string') {
    meter.chargeText(value.length);
    return value.normalize('NFC');
  }
  meter.charge(1);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((element) => celInput(element, meter));
  return new Map(
    Object.entries(value).map(([name, member]) => [
      name.normalize('NFC'),
      celInput(member as JsonValue, meter),
    ]),
  );
}
