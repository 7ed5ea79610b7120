import { RE2JS } from '@bufbuild/re2';

/** A compiled pattern. Whoever has it holds it: nothing is kept of a pattern by itself. */
export interface Pattern {
  /** What it takes in memory: instructions, and bounds of the ranges of characters in them. */
  readonly size: number;
  /** What matching takes at most, in steps: by the pattern and the length of the text, whatever was matched before. */
  stepsFor(length: number): number;
  /** Whether it is found anywhere in a text. */
  test(text: string): boolean;
}

export type CompiledPattern =
  | { readonly ok: true; readonly pattern: Pattern }
  | { readonly ok: false; readonly fault: string };

const MAX_PATTERN_LENGTH = 200;
/** Parts of a pattern once its counts are written out. */
const MAX_PARTS = 500;
/** Classes such as \pL: each is hundreds of ranges, which a group of them makes again. */
const MAX_UNICODE_CLASSES = 10;
/** Characters in ranges of a pattern that ignores case: each of them is looked up. */
const MAX_FOLDED = 12_000;
/** As much as seven \pL; most patterns have less than a hundred. */
const MAX_SIZE = 10_000;

/**
 * Compiles a pattern, or says what is wrong with it. What would take long to compile is told from its text; what takes
 * much memory, from the program that it makes.
 */
export function compilePattern(text: string): CompiledPattern {
  const fault = textFault(text);
  if (fault !== null) return { ok: false, fault };
  let program: RE2JS;
  try {
    program = new RE2JS(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it can not be read';
    return { ok: false, fault: `it is no pattern of RE2: ${reason}` };
  }
  const pattern = new Re2Pattern(program);
  return pattern.size <= MAX_SIZE
    ? { ok: true, pattern }
    : { ok: false, fault: 'the pattern makes too large a program: use fewer classes or smaller counts' };
}

function textFault(text: string): string | null {
  if (text.length > MAX_PATTERN_LENGTH) {
    return `a pattern is at most ${MAX_PATTERN_LENGTH} characters long`;
  }
  if ((text.match(/\\[pP]/g)?.length ?? 0) > MAX_UNICODE_CLASSES) {
    return `a pattern has at most ${MAX_UNICODE_CLASSES} Unicode classes such as \\pL`;
  }
  if (countParts(text) > MAX_PARTS) {
    return `written out, the counts of a pattern make at most ${MAX_PARTS} parts`;
  }
  if (/\(\?[a-zA-Z]*i/.test(text) && countInRanges(text) > MAX_FOLDED) {
    return `the ranges of a pattern that ignores case hold at most ${MAX_FOLDED} characters`;
  }
  return null;
}

/** What a pattern is made of, as far as its size is told by it: a quotation, an escape, a class, a count, a group. */
const parts = new RegExp(
  [
    String.raw`\\Q.*?(?:\\E|$)`,
    String.raw`\\[xpP]\{[^}]*\}|\\.`,
    String.raw`\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]`,
    String.raw`\{(\d*)(?:,(\d*))?\}`,
    String.raw`\(\?[\w-]*[:)]`,
    '.',
  ].join('|'),
  'gsu',
);

/** How many parts a pattern has where each count is written out; a group is as many as there are in it. */
function countParts(text: string): number {
  const groups: number[] = [];
  let sum = 0;
  let last = 0;
  for (const [part, from, to] of text.matchAll(parts)) {
    if (from !== undefined) {
      sum += last * (Math.max(Number(from), Number(to ?? 0), 1) - 1);
      last *= Math.max(Number(from), Number(to ?? 0), 1);
    } else if (part.startsWith('(') && !part.endsWith(')')) {
      groups.push(sum);
      sum = 0;
    } else if (part === ')') {
      const before = groups.pop() ?? 0;
      last = Math.max(sum, 1);
      sum = before + last;
    } else if (!'*+?'.includes(part)) {
      // Of a quotation a count repeats the last character only.
      last = 1;
      sum += part.startsWith('\\Q') ? part.length : 1;
    }
  }
  return groups.reduce((total, before) => total + before, sum);
}

/** How many characters the ranges of a pattern hold, such as 26 in a-z; rather too many than too few. */
function countInRanges(text: string): number {
  const bound = String.raw`\\x\{[0-9a-fA-F]+\}|\\x[0-9a-fA-F]{2}|\\[0-7]{1,3}|\\?.`;
  let sum = 0;
  for (const [, from = '', to = ''] of text.matchAll(new RegExp(`(${bound})-(?=(${bound}))`, 'gsu'))) {
    sum += Math.max(0, codePointOf(to) - codePointOf(from));
  }
  return sum;
}

function codePointOf(bound: string): number {
  const hex = bound.match(/^\\x\{?([0-9a-fA-F]+)/)?.[1];
  if (hex !== undefined) return Number.parseInt(hex, 16);
  const octal = bound.match(/^\\([0-7]+)/)?.[1];
  if (octal !== undefined) return Number.parseInt(octal, 8);
  return bound.replace(/^\\(?=.)/s, '').codePointAt(0) ?? 0;
}

/** Characters that a small pattern is held against in a step. */
const CHARACTERS_PER_STEP = 5;
/** States that a pattern keeps between two texts, and characters after which they are made anew in any case. */
const MAX_KEPT_STATES = 64;
const MAX_SEEN = 100_000;

class Re2Pattern implements Pattern {
  readonly size: number;
  readonly #program: RE2JS;
  #stepsPerCharacter: number | undefined;
  #seen = 0;

  constructor(program: RE2JS) {
    this.#program = program;
    const { inst } = program.re2().prog;
    const ranges = new Set(inst.map(({ runes }) => runes));
    this.size = inst.length + [...ranges].reduce((sum, { length }) => sum + length, 0);
  }

  stepsFor(length: number): number {
    this.#stepsPerCharacter ??= this.#measure();
    return length * this.#stepsPerCharacter;
  }

  /** Only where it is used: it takes up to some milliseconds. */
  #measure(): number {
    const { length } = this.#program.re2().prog.inst;
    this.#forget();
    const stepsPerCharacter = isWild(this.#program) ? length : (1 + length / 64) / CHARACTERS_PER_STEP;
    this.#forget();
    return stepsPerCharacter;
  }

  test(text: string): boolean {
    const isFound = this.#program.test(text);
    this.#seen += text.length;
    // The library keeps up to 10,000 states, a kilobyte each, as long as the pattern lives.
    if (this.#program.re2().dfa.stateCount > MAX_KEPT_STATES || this.#seen > MAX_SEEN) this.#forget();
    return isFound;
  }

  #forget(): void {
    const { dfa } = this.#program.re2();
    dfa.stateCache.clear();
    dfa.stateCount = 0;
    dfa.startState = null;
    this.#seen = 0;
  }
}

// Numbers of instructions: choices, the end of a match, and from the last one on those that read a character.
const [ALT, ALT_MATCH, FAIL, MATCH, RUNE] = [1, 2, 5, 6, 8];
/** With fewer choices there is little to remember. */
const MIN_WILD_CHOICES = 9;
const MAX_TAME_STATES = 256;
const WALKED_CHARACTERS = 3000;

/**
 * Whether what is left of a pattern can differ with every character, as with `a.{100}c`, so that it is worked out anew for
 * each of them. Found by trying: with texts that go through the pattern, the same ones each time.
 */
function isWild(program: RE2JS): boolean {
  const { prog, dfa } = program.re2();
  const choices = prog.inst.filter(
    ({ op, runes }) => op === ALT || op === ALT_MATCH || (op >= RUNE && runes.length !== 1),
  );
  if (choices.length < MIN_WILD_CHOICES) return false;
  const random = seededRandom();
  const alphabet = [...new Set(prog.inst.flatMap(({ runes }) => runes.slice(0, 4)))];
  for (let walked = 0; walked < WALKED_CHARACTERS && dfa.stateCount <= MAX_TAME_STATES; ) {
    const pool = Array.from({ length: 1 + random(3) }, () => alphabet[random(alphabet.length)] ?? 0);
    const text = walk(prog, pool, random);
    program.test(text);
    walked += text.length + 1;
  }
  return dfa.stateCount > MAX_TAME_STATES;
}

/** A text that goes some way through a program; where any character will do, one of `pool` or the one it began with. */
function walk(
  { inst, start }: ReturnType<RE2JS['re2']>['prog'],
  pool: readonly number[],
  random: (below: number) => number,
): string {
  const text: number[] = [];
  let at = start;
  for (let turn = 0; turn < 2 * inst.length + 100; turn++) {
    const next = inst[at];
    if (next === undefined || next.op === MATCH || next.op === FAIL) break;
    if (next.op >= RUNE) {
      const fitting = [...text.slice(0, 1), ...pool].filter((rune) => next.matchRune(rune));
      text.push(fitting[random(fitting.length)] ?? next.runes[0] ?? 0);
    }
    at = (next.op === ALT || next.op === ALT_MATCH) && random(2) === 1 ? next.arg : next.out;
  }
  return String.fromCodePoint(...text);
}

/** Numbers that look random and are the same everywhere. */
function seededRandom(): (below: number) => number {
  let seed = 1;
  return (below) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return below === 0 ? 0 : (seed >> 12) % below;
  };
}
