/** The benchmark can't be run, or what was measured gave a wrong answer. The message says what to do. */
export class BenchError extends Error {}
