import type { Construct } from 'constructs';
import { dump } from 'js-yaml';
import { applicationOf } from './application-chart.ts';

/** A rule of an alert, as Prometheus and Loki read it. */
interface Rule {
  readonly alert: string;
  readonly expr: string;
}

/** Rules of what was declared, in files that Prometheus and Loki read: one for each application that declares something. */
export function ruleFilesOf<Declared extends Construct>(
  declared: readonly Declared[],
  ruleOf: (each: Declared, application: string) => Rule,
): Readonly<Record<string, string>> {
  const applications = [...new Set(declared.map((each) => applicationOf(each).application))].sort();
  return Object.fromEntries(
    applications.map((application) => {
      const rules = declared
        .filter((each) => applicationOf(each).application === application)
        .map((each) => ruleOf(each, application))
        .sort((a, b) => (a.alert + a.expr < b.alert + b.expr ? -1 : 1));
      return [`${application}.yaml`, dump({ groups: [{ name: application, rules }] }, { lineWidth: -1 })];
    }),
  );
}
