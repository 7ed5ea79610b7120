/** A JSON value as `JSON.parse` makes it. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/**
 * A JSON object. Never index it with a key from outside without `Object.hasOwn`: `__proto__` and
 * `constructor` are legal keys of an export.
 */
export type JsonObject = { [key: string]: JsonValue };

/** Whether `value` is an object and not an array or null. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * An empty object without a prototype, so that assigning any key, `__proto__` too, makes an own property.
 */
export function emptyJsonObject(): JsonObject {
  return Object.create(null) as JsonObject;
}

/** The own member `key` of `value`, or undefined where there is none or `value` is no object. */
export function ownMember(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
