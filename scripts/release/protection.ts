import * as v from 'valibot';

/** Of a ruleset of GitHub's API, what tells whether a tag or a branch is protected. */
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

/** What a tag or a branch needs so that nobody alone changes what is deployed, and what could be done to it otherwise. */
const needed = {
  tag: { update: 'moved', deletion: 'deleted' },
  branch: {
    pull_request: 'changed without a review',
    required_status_checks: 'changed without being verified',
    non_fast_forward: 'rewritten',
    deletion: 'deleted',
  },
};

export interface Asking {
  /** The branch that the root application follows. */
  readonly branch: string;
  /** The tag of the next release; undefined where applications follow the branch. */
  readonly tag: string | undefined;
  /** Where both are pushed to, as git knows it. */
  readonly url: string;
  /** A token may be in GH_TOKEN or GITHUB_TOKEN; a GitHub of one's own is in GITHUB_SERVER_URL and GITHUB_API_URL. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** @default Node's own */
  readonly request?: typeof fetch;
}

/** What is known of their protection; `unknown` says why nothing is. */
export type Protection =
  | { readonly open: readonly { readonly name: string; readonly done: readonly string[] }[] }
  | { readonly unknown: string };

/**
 * Asks GitHub whether anybody could move or delete a tag later, or change the branch alone.
 * @returns undefined where no GitHub is
 */
export async function protectionOf({
  branch,
  tag,
  url,
  env,
  request = fetch,
}: Asking): Promise<Protection | undefined> {
  const repository = repositoryOf(url, env);
  if (repository === undefined) return undefined;
  const token = [env.GH_TOKEN, env.GITHUB_TOKEN].find(Boolean);
  const [names, are] = tag === undefined ? [branch, 'is'] : [`${tag} and ${branch}`, 'are'];
  if (token === undefined)
    return {
      unknown: `nobody was asked whether ${names} ${are} protected: that needs a token in GH_TOKEN, which may only read`,
    };
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
    const list = v.parse(v.array(v.object({ id: v.number() })), await ask('?per_page=100&targets=branch,tag&'));
    const rulesets = await Promise.all(list.map(async ({ id }) => v.parse(rulesetSchema, await ask(`/${id}?`))));
    const references = [...(tag === undefined ? [] : [`refs/tags/${tag}`]), `refs/heads/${branch}`];
    const open = references.map((each) => ({
      name: each.replace(/^refs\/\w+\//, ''),
      done: unprotected(each, rulesets),
    }));
    return { open: open.filter(({ done }) => done.length > 0) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { unknown: `GitHub could not be asked whether ${names} ${are} protected: ${why.replaceAll(token, '***')}` };
  }
}

/** What a person should know before a release, which is made all the same. */
export function protectionNotices(protection: Protection | undefined): string[] {
  if (protection === undefined) return [];
  if ('unknown' in protection) return [protection.unknown];
  return protection.open.map(
    ({ name, done }) =>
      `${name} is not protected: it can be ${done.join(' and ')}, and Argo CD follows it; .github/rulesets has what to import`,
  );
}

/** What could be done to a tag or branch, by its full name, under these rulesets. */
export function unprotected(reference: string, rulesets: readonly Ruleset[]): string[] {
  const rules = rulesets.filter((ruleset) => covers(ruleset, reference)).flatMap((ruleset) => ruleset.rules);
  return Object.entries(needed[kindOf(reference)])
    .filter(([type]) => !rules.some((rule) => rule.type === type))
    .map(([, done]) => done);
}

/** Whether a ruleset is in force for a tag or branch, by its full name. */
export function covers({ target, enforcement, conditions }: Ruleset, reference: string): boolean {
  const names = conditions?.ref_name;
  const within = (patterns: readonly string[]): boolean => patterns.some((pattern) => matches(pattern, reference));
  return (
    target === kindOf(reference) &&
    enforcement === 'active' &&
    names !== undefined &&
    within(names.include) &&
    !within(names.exclude)
  );
}

function kindOf(reference: string): 'branch' | 'tag' {
  return reference.startsWith('refs/tags/') ? 'tag' : 'branch';
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
