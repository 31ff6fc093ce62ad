import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { AlertProps } from '../../constructs/core/alert.ts';
import { installed } from './built.ts';

/** The package `prometheus` of Debian and Ubuntu has it. */
export const promtool = installed('promtool');

export interface AlertTest {
  /** Minutes between two samples, and between two looks at them. */
  readonly step: number;
  /** Values in promtool's notation by series. */
  readonly series: Readonly<Record<string, string>>;
  readonly name: string;
  /** Whether it fires, by minutes since the first sample. */
  readonly fires: ReadonlyMap<number, boolean>;
  /** Labels of the alert that fires. @default none */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Groups of rules, in a folder of their own from their first use on, and what promtool says of them. */
export class RuleGroups {
  private readonly groups: readonly { readonly name: string }[];
  private folder: string | undefined;

  constructor(groups: readonly { readonly name: string; readonly rules: readonly object[] }[]) {
    this.groups = groups;
  }

  /** What promtool says where every expression is PromQL. @throws where one isn't */
  check(): string {
    return execFileSync(promtool!, ['check', 'rules', path.join(this.written(), 'rules.yaml')], { encoding: 'utf8' });
  }

  /** What promtool says against tests in its own words; empty where there is nothing. @param step minutes between two looks */
  problems(step: number, tests: readonly object[]): string {
    const file = path.join(this.written(), 'test.yaml');
    write(file, {
      rule_files: ['rules.yaml'],
      evaluation_interval: `${step * 60}s`,
      // By chance else: what one group records, the next one would read from the look before.
      group_eval_order: this.groups.map(({ name }) => name),
      tests,
    });
    const { status, stdout, stderr } = spawnSync(promtool!, ['test', 'rules', file], { encoding: 'utf8' });
    return status === 0 ? '' : `${stdout}${stderr}`;
  }

  remove(): void {
    if (this.folder !== undefined) fs.rmSync(this.folder, { recursive: true, force: true });
  }

  /** Its folder, made when it is first asked for. */
  private written(): string {
    if (this.folder !== undefined) return this.folder;
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-alerts-'));
    write(path.join(this.folder, 'rules.yaml'), { groups: this.groups });
    return this.folder;
  }
}

/** Alerts as rules of Prometheus. */
export class Rules extends RuleGroups {
  private readonly alerts: readonly AlertProps[];

  constructor(alerts: readonly AlertProps[]) {
    const rules = alerts.map(({ name, expression, forMinutes, severity }) => ({
      alert: name,
      expr: expression,
      for: `${forMinutes}m`,
      labels: { severity },
    }));
    super([{ name: 'postgres', rules }]);
    this.alerts = alerts;
  }

  /** What promtool says against it; empty if every alert fires, and keeps quiet, as it should. All of them have one step. */
  complaints(...tests: readonly AlertTest[]): string {
    return this.problems(
      tests[0]!.step,
      tests.map((test) => this.group(test)),
    );
  }

  private group({ step, series, name, fires, labels = {} }: AlertTest): object {
    const severity = this.alerts.find((alert) => alert.name === name)!.severity;
    return {
      interval: `${step * 60}s`,
      input_series: Object.entries(series).map(([key, values]) => ({ series: key, values })),
      alert_rule_test: [...fires].map(([minutes, firing]) => ({
        eval_time: `${minutes}m`,
        alertname: name,
        exp_alerts: firing ? [{ exp_labels: { severity, ...labels } }] : [],
      })),
    };
  }
}

// JSON is YAML too.
function write(file: string, content: unknown): void {
  fs.writeFileSync(file, JSON.stringify(content));
}
