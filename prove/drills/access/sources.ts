import type { Application, AppProject } from '../../../imports/argo-cd.ts';
import { argocdNamespace } from '../../components/argocd/applications.ts';
import { webOf } from '../../components/web.ts';
import { attempts, merged } from './attempts.ts';
import type { AttemptSubjects } from './attempts.ts';
import { layerOf, mergePatch, post, put, remove, row } from './table.ts';
import type { AccessRow, AccessSubjects } from './table.ts';

/** Projects as the API has them. */
export interface ProjectSubjects {
  readonly product: AppProject;
  readonly default: AppProject;
}

/** What the attempts are made of: the backend's application, as the API has it. */
export function attemptSubjects({ platform, backend }: Pick<AccessSubjects, 'platform' | 'backend'>): AttemptSubjects {
  const { name } = platform.environment;
  return {
    application: backend as Application,
    otherPath: `dist/${name}/${webOf(platform, 'frontend').application}`,
    unreleasedTag: `refs/tags/${name}-999999`,
  };
}

/** Every way to have something run that git does not say, through Argo CD's API. Nobody may, whatever their role. */
export function sourceTable(subjects: AccessSubjects, projects: ProjectSubjects): readonly AccessRow[] {
  const { platform } = subjects;
  const { application } = webOf(platform, 'backend');
  const backend = subjects.backend as Application;
  // Argo CD's own checks of a source would refuse some of these for another reason.
  const update = (change: Readonly<Record<string, unknown>>) =>
    put(`applications/${application}?validate=false`, merged(backend, change));
  const create = (project: string | undefined) =>
    post('applications?validate=false', {
      metadata: { name: 'drill' },
      spec: { ...backend.spec, syncPolicy: undefined, project },
    });
  const change = ({ metadata, spec }: AppProject, fields: object) =>
    put(`projects/${metadata.name}`, { project: { metadata, spec: { ...spec, ...fields } } });
  const projectsPolicy = /projects-from-git.* denied request/s;
  return [
    ...attempts(attemptSubjects(subjects)).map(({ what, change, refusedWith }) =>
      row(what, 'applications update', update(change), { admin: 400, developer: 400 }, refusedWith),
    ),
    row(
      'add an application that git does not have',
      'applications create',
      create(layerOf(platform, application)),
      { admin: 400 },
      /applications-from-git.* denied request: git has no application of this name/s,
    ),
    row(
      'add one to the project default',
      'applications create',
      create('default'),
      { admin: 400 },
      /not permitted in project 'default'/,
    ),
    row(
      'let the project of the product bring other kinds',
      'projects update',
      change(projects.product, { namespaceResourceWhitelist: [{ group: '*', kind: '*' }] }),
      { admin: 400 },
      projectsPolicy,
    ),
    row(
      'open the project default',
      'projects update',
      change(projects.default, { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] }),
      { admin: 400 },
      projectsPolicy,
    ),
    ...guards.flatMap(({ what, application, object }) => {
      const target = `applications/${application}/resource?version=v1&resourceName=none&${object}`;
      return [
        row(`delete ${what}`, 'applications delete/*', remove(target), {}),
        row(`change ${what}`, 'applications update/*', post(`${target}&patchType=${mergePatch}`, '{"spec":{}}'), {}),
      ];
    }),
  ];
}

/** Without these for a moment, somebody could change what nothing heals afterwards. */
const guards = [
  {
    what: 'the policies that judge applications',
    application: 'root',
    object: 'group=admissionregistration.k8s.io&kind=ValidatingAdmissionPolicyBinding',
  },
  {
    what: "the settings of Argo CD's own roles",
    application: 'argocd',
    object: `namespace=${argocdNamespace}&kind=ConfigMap`,
  },
];
