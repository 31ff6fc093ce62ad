import * as v from 'valibot';

/** Of a ruleset of GitHub's API, what tells whether a tag is protected. */
const rulesetSchema = v.object({
  target: v.optional(v.string()),
  enforcement: v.string(),
  conditions: v.optional(
    v.nullable(
      v.object({ ref_name: v.optional(v.object({ include: v.array(v.string()), exclude: v.array(v.string()) })) }),
    ),
  ),
  rules: v.optional(v.array(v.object({ type: v.string() })), []),
});

export type Ruleset = v.InferOutput<typeof rulesetSchema>;

/** What a tag needs so that it always says what it said, and what could be done to it otherwise. */
const needed = { update: 'moved', deletion: 'deleted' };

export interface Asking {
  readonly tag: string;
  /** Where the tag is pushed to, as git knows it. */
  readonly url: string;
  /** A token may be in GH_TOKEN or GITHUB_TOKEN; a GitHub of one's own is in GITHUB_SERVER_URL and GITHUB_API_URL. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** @default Node's own */
  readonly request?: typeof fetch;
}

/**
 * Asks GitHub whether anybody could move or delete a tag later. Nothing depends on it: a release is made all the same.
 * @returns what a person should know, in one sentence; undefined where the tag is protected, and where no GitHub is
 */
export async function protectionNotice({ tag, url, env, request = fetch }: Asking): Promise<string | undefined> {
  const repository = repositoryOf(url, env);
  if (repository === undefined) return undefined;
  const token = [env.GH_TOKEN, env.GITHUB_TOKEN].find(Boolean);
  if (token === undefined)
    return `nobody was asked whether ${tag} is protected: that needs a token in GH_TOKEN, which may only read`;
  // A redirect could lead to somebody whom the token is not for.
  const ask = async (path: string): Promise<unknown> => {
    const response = await request(`${repository}/rulesets${path}includes_parents=true`, {
      headers: { accept: 'application/vnd.github+json', authorization: `Bearer ${token}` },
      redirect: 'error',
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return response.json();
  };
  try {
    const list = v.parse(v.array(v.object({ id: v.number() })), await ask('?per_page=100&targets=tag&'));
    const rulesets = await Promise.all(list.map(async ({ id }) => v.parse(rulesetSchema, await ask(`/${id}?`))));
    const open = unprotected(tag, rulesets);
    if (open.length === 0) return undefined;
    return `${tag} is not protected: it can be ${open.join(' and ')}, and Argo CD follows it; .github/rulesets has what to import`;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `GitHub could not be asked whether ${tag} is protected: ${why.replaceAll(token, '***')}`;
  }
}

/** What could be done to a tag under these rulesets. */
export function unprotected(tag: string, rulesets: readonly Ruleset[]): string[] {
  const rules = rulesets.filter((ruleset) => covers(ruleset, `refs/tags/${tag}`)).flatMap((ruleset) => ruleset.rules);
  return Object.entries(needed)
    .filter(([type]) => !rules.some((rule) => rule.type === type))
    .map(([, done]) => done);
}

/** Whether a ruleset is in force for a tag or branch, by its full name. */
export function covers({ target, enforcement, conditions }: Ruleset, reference: string): boolean {
  const names = conditions?.ref_name;
  const kind = reference.startsWith('refs/tags/') ? 'tag' : 'branch';
  const within = (patterns: readonly string[]): boolean => patterns.some((pattern) => matches(pattern, reference));
  return (
    target === kind &&
    enforcement === 'active' &&
    names !== undefined &&
    within(names.include) &&
    !within(names.exclude)
  );
}

/** GitHub's patterns: `*` is anything within a part of the name. */
function matches(pattern: string, reference: string): boolean {
  if (pattern === '~ALL') return true;
  const parts = pattern.split(/(\*+|\?)/).map((part) => {
    if (part.startsWith('*')) return '[^/]*';
    return part === '?' ? '[^/]' : part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  });
  return new RegExp(`^${parts.join('')}$`).test(reference);
}

/** The repository in GitHub's API, where git's URL is one of a GitHub that the token is for. */
function repositoryOf(url: string, env: Asking['env']): string | undefined {
  const found = /^(?:https:\/\/(?:[^@/]*@)?|ssh:\/\/git@|git@)([^:/]+)[:/]([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/.exec(
    url,
  );
  const [, host = '', owner = '', name = ''] = found ?? [];
  const own = env.GITHUB_SERVER_URL?.replace(/^https:\/\//, '');
  const api = host === 'github.com' ? 'https://api.github.com' : host === own ? env.GITHUB_API_URL : undefined;
  return host === '' || api === undefined ? undefined : `${api}/repos/${owner}/${name}`;
}
