import { Construct } from 'constructs';
import { InputError } from './error.ts';

/** What is added to objects of a source, by kustomize. */
export interface UpstreamPatch {
  /** A regular expression of kinds, such as `Deployment|StatefulSet`. */
  readonly kind: string;
  /** Values by their place in the object, such as `/spec/template/spec/priorityClassName`. */
  readonly add: Readonly<Record<string, string>>;
}

export interface UpstreamSourceProps {
  /** Git repository or Helm repository. */
  readonly repository: string;
  /** Tag or chart version; never a branch. */
  readonly revision: string;
  /** Folder in a git repository; a chart's folder is rendered by Helm. */
  readonly path?: string;
  /** Name of a chart in a Helm repository. */
  readonly chart?: string;
  /**
   * Which files of `path` are taken, as a glob.
   * @default the whole folder, as what Argo CD finds it to be
   */
  readonly include?: string;
  /**
   * Helm values; with them the source is a chart.
   * @default none
   */
  readonly values?: Readonly<Record<string, unknown>>;
  /**
   * What is other than its makers have it; with it the source is a folder with a kustomization.
   * @default nothing
   */
  readonly patches?: readonly UpstreamPatch[];
  /** Helm release name, where the source is a chart. */
  readonly releaseName?: string;
  /** Kinds that this source brings, as `group/Kind`, for the permissions of the layer's project. */
  readonly clusterKinds: readonly string[];
  readonly namespacedKinds: readonly string[];
}

/** Manifests that stay in their maker's repository: Argo CD reads them there, pinned. Nothing of theirs is copied. */
export class UpstreamSource extends Construct {
  readonly props: UpstreamSourceProps;

  constructor(scope: Construct, id: string, props: UpstreamSourceProps) {
    super(scope, id);
    if (!/^v?\d+(\.\d+)+/.test(props.revision)) {
      throw new InputError({
        where: `upstream source ${props.repository}`,
        what: `it is read at ${props.revision}`,
        allowed: 'a tag or a chart version, such as v1.2.3: a branch moves by itself',
        remedy: 'pin it in config/upstream.ts',
      });
    }
    this.props = props;
  }
}
