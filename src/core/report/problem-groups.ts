import { errorCatalogue, type ProblemCode, type ProblemEffect } from '../errors.ts';
import { type Problem, problemEffect } from '../problem.ts';

/** The problems of one code with what its catalogue entry says of it. */
export interface ProblemGroup {
  readonly code: ProblemCode;
  readonly title: string;
  readonly action: string;
  readonly effect: ProblemEffect;
  readonly problems: readonly Problem[];
}

const effectRank: Readonly<Record<ProblemEffect, number>> = {
  unread: 0,
  type_unread: 1,
  excluded: 2,
  notice: 3,
};

/** Problems by code, those that leave most unchecked first. */
export function groupProblems(problems: readonly Problem[]): ProblemGroup[] {
  const byCode = new Map<ProblemCode, Problem[]>();
  for (const problem of problems) {
    const group = byCode.get(problem.code);
    if (group === undefined) byCode.set(problem.code, [problem]);
    else group.push(problem);
  }
  return [...byCode]
    .map(([code, group]) => {
      const { title, action } = errorCatalogue[code];
      return { code, title, action, effect: problemEffect(group[0] as Problem), problems: group };
    })
    .sort((a, b) => effectRank[a.effect] - effectRank[b.effect]);
}
