import fs from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import type { IValidatingAdmissionPolicySpec } from 'kubernetes-models/admissionregistration.k8s.io/v1/ValidatingAdmissionPolicySpec';
import type { Application } from '../../imports/argo-cd.ts';
import { admissionPolicy } from '../core/admission-policy.ts';
import type { Judged } from '../core/admission-policy.ts';
import { celLiteral } from './cel.ts';

type Source = NonNullable<Application['spec']['source']>;

/** What the policies are made of. */
export interface SourcePolicyProps {
  /** What stands before the names of this tree's objects. */
  readonly prefix: string;
  /** Full names of the applications that other trees bring into the same Argo CD. */
  readonly neighbours: readonly string[];
  readonly namespace: string;
  readonly repository: string;
  /** Full name of the branch. */
  readonly branch: string;
  /** Full name of the last release's tag; undefined before the first one. */
  readonly tag: string | undefined;
  /** Every application of the tree as git has it, the root among them. */
  readonly applications: readonly Application[];
}

type Objects = ReturnType<typeof admissionPolicy>;

export const applicationsPolicyName = (prefix: string): string => `${prefix}applications-from-git`;
export const projectsPolicyName = 'projects-from-git';

const argocd = 'argocd.argoproj.io';
const deletesObjects = `resources-finalizer.${argocd}`;

/** Argo CD sets them where an application has hooks that run when it is deleted. */
const hookFinalizers = ['pre-delete-finalizer', 'post-delete-finalizer'].flatMap((name) =>
  ['', '/cleanup'].map((stage) => `${name}.${argocd}${stage}`),
);

/**
 * Refuses every application that would run something else than git says. Argo CD's own right `update` can't tell one
 * field from another, `sources` and `sourceHydrator` win over `source`, and the root corrects only fields that git has.
 * @see https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
 */
export function applicationsPolicy(props: SourcePolicyProps): Objects {
  const { matchConditions, variables = [], validations } = rules('applications-policy.yaml', props);
  const generated = [
    { name: 'tree', expression: celLiteral(treeOf(props)) },
    { name: 'committed', expression: celLiteral(committed(props)) },
  ];
  const judged = { ...argo(props), resource: 'applications', operations: ['CREATE', 'UPDATE'] } as const;
  return admissionPolicy(applicationsPolicyName(props.prefix), judged, {
    matchConditions,
    variables: [...generated, ...variables],
    validations,
  });
}

/** Projects say which sources, kinds and namespaces there may be: they change where git does, or by kubectl. */
export function projectsPolicy(props: SourcePolicyProps): Objects {
  const judged = { ...argo(props), resource: 'appprojects', operations: ['CREATE', 'UPDATE', 'DELETE'] } as const;
  return admissionPolicy(projectsPolicyName, judged, rules('projects-policy.yaml', props));
}

function argo({ namespace }: SourcePolicyProps): Pick<Judged, 'apiGroup' | 'apiVersion' | 'namespace'> {
  return { apiGroup: 'argoproj.io', apiVersion: 'v1alpha1', namespace };
}

/** @returns the rules of a file, with what they are told of this tree */
function rules(file: string, props: SourcePolicyProps): IValidatingAdmissionPolicySpec {
  const { namespace, prefix, neighbours, applications } = props;
  // By whole names: of what only begins like one of another tree, no policy would say anything.
  const isOneOf = (names: readonly string[]): string => `object.metadata.name in ${celLiteral(names, '      ')}`;
  const own = applications.map(({ metadata }) => metadata.name ?? '');
  const others = neighbours.length === 0 ? 'true' : `!(${isOneOf(neighbours)})`;
  const text = fs
    .readFileSync(path.join(import.meta.dirname, 'files', file), 'utf8')
    .replace('{inThisTree}', prefix === '' ? others : isOneOf(own))
    .replaceAll('{namespace}', namespace);
  return load(text) as IValidatingAdmissionPolicySpec;
}

function treeOf({ repository, branch, tag }: SourcePolicyProps): object {
  const [, start = '', release = '0'] = /^(.*?)(\d+)$/.exec(tag ?? '') ?? [];
  return { repository, branch, tag: start, release: Number(release), hooks: hookFinalizers };
}

/** What git says of each application, as the rules read it. */
function committed(props: SourcePolicyProps): Readonly<Record<string, object>> {
  return Object.fromEntries(props.applications.map((each) => [each.metadata.name ?? '', entryOf(each, props)]));
}

function entryOf({ metadata, spec }: Application, { prefix: start, namespace, repository }: SourcePolicyProps): object {
  const { source, sources = [], syncPolicy = {}, ...rest } = spec;
  const all = [...(source === undefined ? [] : [source]), ...sources];
  // The root's has options of its own, and one revision: it is compared as a whole, like those of others.
  const own = all.find(({ repoURL, directory }) => repoURL === repository && directory === undefined);
  const { name = '', annotations = {}, finalizers = [] } = metadata;
  return {
    spec: rest,
    // People switch it.
    syncPolicy: { ...syncPolicy, automated: undefined },
    count: all.length,
    path: own?.path ?? '',
    repositories: [...new Set(all.map(({ repoURL }) => repoURL))],
    upstream: all.filter((each) => each !== own).map(formsOf),
    annotations: {
      ...annotations,
      [`${argocd}/tracking-id`]: `${start}root:argoproj.io/Application:${namespace}/${name}`,
    },
    finalizers: [
      ...(finalizers.length > 0 ? ['', '/foreground', '/background'].map((how) => deletesObjects + how) : []),
    ],
  };
}

/** A source as git has it, and as Argo CD writes it back. */
function formsOf(source: Source): readonly Source[] {
  const { directory } = source;
  return directory === undefined ? [source] : [source, { ...source, directory: { ...directory, jsonnet: {} } }];
}
