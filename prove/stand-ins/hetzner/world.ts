import { catalogue } from './catalogue.ts';
import type { Catalogue } from './catalogue.ts';
import type { RecordSet } from './zones.ts';

/** What somebody sent or is sent, in JSON. */
export type Body = Readonly<Record<string, unknown>>;

/** Something that was made, as the API shows it. */
export interface Thing {
  readonly id: number;
  name: string;
  labels: Readonly<Record<string, string>>;
  readonly created: string;
  readonly protection: { delete: boolean; rebuild?: boolean };
  [field: string]: unknown;
}

export interface Action {
  readonly id: number;
  readonly command: string;
  readonly started: string;
  finished: string | null;
  status: 'running' | 'success' | 'error';
  progress: number;
  error: { readonly code: string; readonly message: string } | null;
  readonly resources: readonly { readonly id: number; readonly type: string }[];
}

/** What a request is refused with. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: unknown;

  constructor(status: number, code: string, message: string, details?: unknown) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

export function invalid(field: string, message: string): ApiError {
  const fields = [{ name: field, messages: [message] }];
  return new ApiError(422, 'invalid_input', `invalid input in field '${field}': ${message}`, { fields });
}

interface Pending {
  readonly action: Action;
  readonly due: number;
  readonly then: () => void;
}

/** Everything in an account: what was made of each kind, and what is still being done. */
export class World {
  readonly catalogue: Catalogue = catalogue();
  /** Server types that can't be ordered, as `ccx33 fsn1`. */
  readonly soldOut = new Set<string>();
  /** Commands whose next action ends in an error. */
  readonly failing = new Set<string>();
  /** What each server was given for cloud-init, by its number: the API doesn't show it. */
  readonly userData = new Map<number, string>();
  /** Records by the number of their zone. */
  readonly records = new Map<number, readonly RecordSet[]>();
  private readonly things = new Map<string, Map<number, Thing>>();
  private readonly actions = new Map<number, Action>();
  private pending: readonly Pending[] = [];
  private ids = 1000;
  readonly actionMilliseconds: number;

  constructor(actionMilliseconds: number) {
    this.actionMilliseconds = actionMilliseconds;
  }

  nextId(): number {
    return ++this.ids;
  }

  all(kind: string): Thing[] {
    return [...(this.things.get(kind)?.values() ?? [])];
  }

  /** @throws ApiError where there is none */
  find(kind: string, id: unknown): Thing {
    const thing = this.all(kind).find((each) => String(each.id) === String(id) || each.name === id);
    if (thing === undefined) throw new ApiError(404, 'not_found', `${kind} with ID '${String(id)}' not found`);
    return thing;
  }

  /** Makes something with what every kind has. @throws ApiError where the name is taken */
  make(kind: string, body: Body, fields: Body): Thing {
    const { name } = body;
    if (typeof name !== 'string' || name === '') throw invalid('name', 'is missing');
    if (this.all(kind).some((each) => each.name === name)) {
      throw new ApiError(409, 'uniqueness_error', `name is already used: ${name}`);
    }
    const labels = (body.labels ?? {}) as Thing['labels'];
    const thing: Thing = { id: this.nextId(), name, labels, created: now(), protection: { delete: false }, ...fields };
    if (!this.things.has(kind)) this.things.set(kind, new Map());
    this.things.get(kind)?.set(thing.id, thing);
    return thing;
  }

  /** @throws ApiError where it is protected */
  checkUnprotected(kind: string, { name, protection }: Thing): void {
    if (protection.delete) throw new ApiError(423, 'protected', `${kind} ${name} is protected from deletion`);
  }

  forget(kind: string, { id }: Thing): void {
    this.things.get(kind)?.delete(id);
  }

  /** Begins something that takes its time: what it does is seen when it ends. */
  begin(
    command: string,
    of: readonly (readonly [type: string, thing: Thing])[],
    then: () => void = () => undefined,
  ): Action {
    const action: Action = {
      ...{ id: this.nextId(), command, started: now(), finished: null, status: 'running', progress: 0, error: null },
      resources: of.map(([type, { id }]) => ({ id, type })),
    };
    this.actions.set(action.id, action);
    this.pending = [...this.pending, { action, due: Date.now() + this.actionMilliseconds, then }];
    return action;
  }

  /** Ends what is due, in the order in which it began. */
  tick(): void {
    const due = this.pending.filter((each) => each.due <= Date.now());
    this.pending = this.pending.filter((each) => !due.includes(each));
    for (const { action, then } of due) {
      action.finished = now();
      action.progress = 100;
      try {
        if (this.failing.delete(action.command)) throw new ApiError(500, 'server_error', `${action.command} failed`);
        then();
        action.status = 'success';
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        action.status = 'error';
        action.error = { code: error.code, message: error.message };
      }
    }
  }

  /** @throws ApiError where something is being done with it */
  checkUnlocked(type: string, { id, name }: Thing): void {
    const busy = this.pending.some(({ action }) =>
      action.resources.some((each) => each.id === id && each.type === type),
    );
    if (busy) throw new ApiError(423, 'locked', `${type} ${name} is locked: another action is running`);
  }

  actionsOf(ids: readonly string[]): Action[] {
    return [...this.actions.values()].filter(({ id }) => ids.length === 0 || ids.includes(String(id)));
  }
}

export function now(): string {
  return new Date().toISOString();
}

/** Whether labels are those that a selector asks for: `a=b`, `a!=b`, `a`, `!a`, `a in (b,c)`, one or more with commas. */
export function selects(selector: string, labels: Thing['labels']): boolean {
  const terms = selector.split(/,(?![^(]*\))/).map((term) => term.trim());
  return terms.every((term) => {
    const [, key = '', not, list = ''] = /^(\S+) (not)?\s*in \(([^)]*)\)$/.exec(term) ?? [];
    if (key !== '') return (not === undefined) === list.split(',').some((each) => each.trim() === labels[key]);
    const [name = '', value = ''] = term.split(/!=|==?/);
    if (term.includes('!=')) return labels[name] !== value;
    if (term.includes('=')) return labels[name] === value;
    return term.startsWith('!') ? labels[term.slice(1)] === undefined : labels[term] !== undefined;
  });
}
