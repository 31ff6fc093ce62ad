import { pricing } from './pricing.ts';
import { ApiError, selects } from './world.ts';
import type { Body, World } from './world.ts';

const singular: Readonly<Record<string, string>> = {
  locations: 'location',
  server_types: 'server_type',
  images: 'image',
  load_balancer_types: 'load_balancer_type',
};

/** Answers what only is read: the catalogue, actions, and lists of what was made. @throws ApiError */
export function catalogueAnswer(world: World, name: string, id: string | undefined, query: URLSearchParams): Body {
  if (name === 'pricing' && id === undefined) return { pricing: pricing(world) };
  if (name === 'actions') {
    const actions = world.actionsOf(id === undefined ? query.getAll('id') : [id]);
    const [action] = actions;
    if (id === undefined) return { actions, meta: pages(actions.length) };
    if (action === undefined) throw new ApiError(404, 'not_found', `action with ID '${id}' not found`);
    return { action };
  }
  const sold = Object.hasOwn(world.catalogue, name) ? world.catalogue[name as keyof typeof world.catalogue] : undefined;
  const one = singular[name];
  if (id !== undefined && (sold === undefined || one === undefined)) {
    throw new ApiError(404, 'not_found', `this stand-in has no ${name}`);
  }
  const entries = (sold ?? world.all(name)) as readonly Body[];
  if (id !== undefined && one !== undefined) {
    const entry = entries.find((each) => String(each.id) === id);
    if (entry === undefined) throw new ApiError(404, 'not_found', `${one} with ID '${id}' not found`);
    return { [one]: entry };
  }
  const found = entries.filter((each) => matches(each, query));
  const [page, size] = [Number(query.get('page') ?? 1), Number(query.get('per_page') ?? 25)];
  return { [name]: found.slice((page - 1) * size, page * size), meta: pages(found.length, page, size) };
}

function matches(entry: Body, query: URLSearchParams): boolean {
  const asked = ['name', 'status', 'type', 'architecture'].every((field) => {
    const values = query.getAll(field);
    return values.length === 0 || values.includes(String(entry[field]));
  });
  const selector = query.get('label_selector') ?? '';
  return asked && (selector === '' || selects(selector, (entry.labels ?? {}) as Readonly<Record<string, string>>));
}

function pages(total: number, page = 1, size = 25): Body {
  const last = Math.max(1, Math.ceil(total / size));
  const next = page < last ? page + 1 : null;
  const previous = page > 1 ? page - 1 : null;
  const pagination = {
    page,
    per_page: size,
    previous_page: previous,
    next_page: next,
    last_page: last,
    total_entries: total,
  };
  return { pagination };
}
