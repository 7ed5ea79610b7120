/**
 * The version of normalising, comparing and generating. It grows when the same runs under the same plan
 * would give other findings; executions of another version are not replayed.
 */
export const ENGINE_VERSION = '2';
