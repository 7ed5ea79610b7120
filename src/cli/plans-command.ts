import type { Command } from 'commander';
import { addPlanAnalytics } from './plans-analytics.ts';
import { addPlanApply } from './plans-apply.ts';
import { addPlanBacktest } from './plans-backtest.ts';
import { addPlanCheck } from './plans-check.ts';
import { addPlanCreate } from './plans-create.ts';
import { addPlanList } from './plans-list.ts';
import { addPlanPublication } from './plans-publication.ts';
import { addPlanResolve } from './plans-resolve.ts';
import { addPlanReviews } from './plans-reviews.ts';
import { addPlanSettings } from './plans-settings.ts';
import { addPlanTemplates } from './plans-templates.ts';
import { addPlanVersions } from './plans-versions.ts';
import type { Terminal } from './terminal.ts';

/** In the order in which the help has them. */
const parts = [
  addPlanTemplates,
  addPlanCheck,
  addPlanList,
  addPlanCreate,
  addPlanApply,
  addPlanResolve,
  addPlanVersions,
  addPlanPublication,
  addPlanReviews,
  addPlanBacktest,
  addPlanAnalytics,
  addPlanSettings,
];

/** Adds `driftplane plans`. */
export function addPlans(program: Command, terminal: Terminal, exitWith: (code: number) => void): void {
  const plans = program
    .command('plans')
    .description('the plans: which drift counts, how much, who hears of it and what may be written back');
  for (const addPart of parts) addPart(plans, terminal, exitWith);
}
