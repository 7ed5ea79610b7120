/**
 * What a scope must hold after each run, worked out the slow way from the words of the design alone: every item is
 * read under the rules that it was last read by, nothing is hashed, indexed or packed.
 */

/** An object of an export, whose members are all texts and numbers. */
export interface ModelObject {
  readonly kind: 'box' | 'crate';
  readonly id: string;
  readonly colour: string;
  readonly size: number;
  readonly seenAt: number;
}

/** The registries of the model; what they say of a kind. A kind of which nothing is said is of type `json`. */
export const modelRules = {
  plain: { box: ['seenAt'], crate: ['seenAt'] },
  colourless: { box: ['seenAt', 'colour'], crate: ['seenAt'] },
  boxless: { crate: ['seenAt'] },
} as const satisfies Record<string, { readonly [kind: string]: readonly string[] }>;

export type ModelRegistry = keyof typeof modelRules;

/** One run as it comes in. */
export interface ModelRun {
  readonly registry: ModelRegistry;
  readonly objects: readonly ModelObject[];
  /** Something of no known type could not be read. */
  readonly isBroken: boolean;
  /** Types that were enumerated to their end; null for all. */
  readonly enumerated: readonly string[] | null;
}

interface Reading {
  readonly itemType: string;
  readonly externalId: string;
  /** The definition, as a text. */
  readonly rules: string;
  /** JSON with sorted members. */
  readonly facts: string;
}

interface LiveItem extends Reading {
  /** The registry under which it was read last. */
  registry: ModelRegistry;
}

export interface ModelInterval {
  readonly itemType: string;
  readonly externalId: string;
  readonly facts: string;
  readonly from: number;
  to: number | null;
  readonly openedBy: 'observed' | 'renormalised';
  closedBy: 'observed' | 'renormalised' | null;
}

/** What a run must say. */
export interface ModelOutcome {
  readonly status: 'succeeded' | 'partial' | 'held';
  readonly added: string[];
  readonly changed: string[];
  readonly removed: string[];
  readonly renormalised: string[];
  readonly ambiguous: string[];
  readonly unprovenRemovals: string[];
  readonly items: number;
  readonly held: string[];
}

export const MODEL_SAFEGUARD = { share: 0.3, minItems: 2 };

function read(object: ModelObject, registry: ModelRegistry): Reading {
  const volatile = (modelRules[registry] as { [kind: string]: readonly string[] })[object.kind];
  const members = Object.entries(object).filter(
    ([name]) => volatile === undefined || !volatile.includes(name),
  );
  return {
    itemType: volatile === undefined ? 'json' : object.kind,
    externalId: object.id,
    rules: volatile === undefined ? 'json' : `${object.kind} without ${volatile.join()}`,
    facts: JSON.stringify(Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)))),
  };
}

function nameOf({ itemType, externalId }: { itemType: string; externalId: string }): string {
  return `${itemType} ${externalId}`;
}

export class ModelScope {
  #live: LiveItem[] = [];
  headSeq = 0;
  readonly intervals: ModelInterval[] = [];
  /** Types by the boundary since which they are known to the end. */
  readonly completeSince = new Map<string, number | null>();

  get itemCount(): number {
    return this.#live.length;
  }

  /** Applies a run; `isConfirmed`: a person has looked at what is gone. */
  apply(run: ModelRun, isConfirmed = false): ModelOutcome {
    const byIdentity = Map.groupBy(run.objects, (object) => nameOf(read(object, run.registry)));
    const claimed = new Set<LiveItem>();
    const ambiguous: string[] = [];
    const steps: { name: string; now: Reading; live: LiveItem | null; old: Reading | null }[] = [];
    for (const [name, objects] of byIdentity) {
      const readings = objects.map((object) => read(object, run.registry));
      const live = this.#live.filter((item) =>
        objects.some((object) => this.#isOf(object, item, run.registry)),
      );
      for (const item of live) claimed.add(item);
      if (new Set(readings.map(({ facts }) => facts)).size > 1) {
        ambiguous.push(name);
        continue;
      }
      if (live.length > 1) throw new Error('the model knows no object that is two items');
      const now = readings[0] as Reading;
      const [before = null] = live;
      const old = before === null || before.rules === now.rules ? null : before;
      const oldReadings = old === null ? [] : objects.map((object) => read(object, old.registry));
      // Two contents under the old rules say nothing of what it was.
      const isOldClear = new Set(oldReadings.map(({ facts }) => facts)).size === 1;
      steps.push({ name, now, live: before, old: isOldClear ? (oldReadings[0] as Reading) : null });
    }

    const types = new Set([
      ...this.completeSince.keys(),
      ...this.#live.map(({ itemType }) => itemType),
      ...run.objects.map((object) => read(object, run.registry).itemType),
      ...(run.enumerated ?? []).filter((name) => name === 'json' || name in modelRules[run.registry]),
    ]);
    types.delete('*');
    const isComplete = (itemType: string): boolean =>
      !run.isBroken &&
      (run.enumerated === null || run.enumerated.includes('*') || run.enumerated.includes(itemType));
    const gone = this.#live.filter((item) => !claimed.has(item));
    const removed = gone.filter(({ itemType }) => isComplete(itemType));
    const named = (kind: (step: (typeof steps)[number]) => boolean): string[] =>
      steps.filter(kind).map(({ name }) => name);
    const isRenormalised = ({ live, now }: (typeof steps)[number]): boolean =>
      live !== null && live.rules !== now.rules;
    const isChanged = (step: (typeof steps)[number]): boolean =>
      step.live !== null && !isRenormalised(step) && step.live.facts !== step.now.facts;
    const isAdded = ({ live }: (typeof steps)[number]): boolean => live === null;
    const held = [...Map.groupBy(removed, ({ itemType }) => itemType)]
      .filter(([itemType, items]) => {
        const all = this.#live.filter((item) => item.itemType === itemType).length;
        return items.length >= MODEL_SAFEGUARD.minItems && items.length > MODEL_SAFEGUARD.share * all;
      })
      .map(([itemType]) => itemType);
    const isHeld = held.length > 0 && !isConfirmed;
    const outcome: ModelOutcome = {
      status: isHeld ? 'held' : [...types, '*'].every(isComplete) ? 'succeeded' : 'partial',
      added: named(isAdded),
      changed: named(isChanged),
      removed: removed.map(nameOf),
      renormalised: named(isRenormalised),
      ambiguous,
      unprovenRemovals: gone.filter((item) => !removed.includes(item)).map(nameOf),
      items: this.#live.length - removed.length + named(isAdded).length,
      held,
    };
    if (isHeld) return outcome;

    const seq = this.headSeq + 1;
    const endSeq = outcome.renormalised.length > 0 ? seq + 1 : seq;
    this.headSeq = endSeq;
    for (const item of removed) this.#close(item, seq, 'observed');
    for (const step of steps) {
      const { now, live, old } = step;
      if (live === null) {
        this.#open(now, seq, 'observed', run.registry);
      } else if (isRenormalised(step)) {
        if (old !== null && old.facts !== live.facts) {
          this.#close(live, seq, 'observed');
          const between = this.#open(old, seq, 'observed', run.registry);
          this.#close(between, endSeq, 'renormalised');
        } else {
          this.#close(live, endSeq, 'renormalised');
        }
        this.#open(now, endSeq, 'renormalised', run.registry);
      } else if (isChanged(step)) {
        this.#close(live, seq, 'observed');
        this.#open(now, seq, 'observed', run.registry);
      } else {
        live.registry = run.registry;
      }
    }
    const everyType = this.completeSince.get('*') ?? null;
    for (const itemType of [...types, '*']) {
      const known = this.completeSince.has(itemType) ? (this.completeSince.get(itemType) ?? null) : everyType;
      this.completeSince.set(itemType, known ?? (isComplete(itemType) ? seq : null));
    }
    return outcome;
  }

  /** Whether an object is this item, by what it is now or by what the item was read by. */
  #isOf(object: ModelObject, item: LiveItem, registry: ModelRegistry): boolean {
    const names = [read(object, registry), read(object, item.registry)].map(nameOf);
    return names.includes(nameOf(item));
  }

  #open(
    reading: Reading,
    from: number,
    openedBy: ModelInterval['openedBy'],
    registry: ModelRegistry,
  ): LiveItem {
    const { itemType, externalId, facts } = reading;
    const item = { ...reading, registry };
    this.#live.push(item);
    this.intervals.push({ itemType, externalId, facts, from, to: null, openedBy, closedBy: null });
    return item;
  }

  #close(item: LiveItem, to: number, closedBy: 'observed' | 'renormalised'): void {
    this.#live = this.#live.filter((one) => one !== item);
    const open = this.intervals.find(
      (interval) => interval.to === null && nameOf(interval) === nameOf(item),
    ) as ModelInterval;
    open.to = to;
    open.closedBy = closedBy;
  }
}
