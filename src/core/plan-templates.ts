/** The plans that come with the product, for people to start from. A plan made of one keeps no tie to it. */

import { apiGateway } from './plan-templates/api-gateway.ts';
import { changeFreeze } from './plan-templates/change-freeze.ts';
import { conditionalAccessAndIdentity } from './plan-templates/conditional-access-and-identity.ts';
import { database } from './plan-templates/database.ts';
import { infrastructure } from './plan-templates/infrastructure.ts';
import { microservice } from './plan-templates/microservice.ts';
import type { PlanTemplateData } from './plan-templates/plan-template-data.ts';
import { securityDocumentation } from './plan-templates/security-documentation.ts';
import { tenantConfigurationBaseline } from './plan-templates/tenant-configuration-baseline.ts';

/** What the plan of a template watches. */
export const planTemplateCategories = ['service', 'data', 'infrastructure', 'security', 'inventory'] as const;

export type PlanTemplateCategory = (typeof planTemplateCategories)[number];

export interface PlanTemplate extends PlanTemplateData {
  readonly category: PlanTemplateCategory;
}

const byCategory: Readonly<Record<PlanTemplateCategory, readonly PlanTemplateData[]>> = {
  service: [microservice, apiGateway],
  data: [database],
  infrastructure: [infrastructure],
  security: [securityDocumentation],
  inventory: [tenantConfigurationBaseline, conditionalAccessAndIdentity, changeFreeze],
};

const templates: readonly PlanTemplate[] = planTemplateCategories.flatMap((category) =>
  byCategory[category].map((template) => ({ ...template, category })),
);

/** In the order in which they are shown, category by category. */
export function getAllTemplates(): readonly PlanTemplate[] {
  return templates;
}

export function getTemplateById(id: string): PlanTemplate | undefined {
  return templates.find((template) => template.id === id);
}

export function getTemplatesByCategory(category: PlanTemplateCategory): readonly PlanTemplate[] {
  return templates.filter((template) => template.category === category);
}
