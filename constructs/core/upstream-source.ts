import { Construct } from 'constructs';
import type { Image } from './environment.ts';
import { InputError } from './error.ts';

/** What is other in objects of a source, by kustomize: one of the two. */
export type UpstreamPatch =
  | {
      /** A regular expression of kinds, such as `Deployment|StatefulSet`. */
      readonly kind: string;
      /** Values by their place in the object, such as `/spec/template/spec/priorityClassName`. */
      readonly add: Readonly<Record<string, string>>;
    }
  | {
      /** A kind whose objects are left out, all of them. */
      readonly without: string;
      /** Such as `networking.k8s.io/v1`. */
      readonly apiVersion: string;
    };

/** An image that pods of a source run. */
export interface UpstreamImage {
  readonly image: Image;
  /**
   * Where the values of a chart take its tag, such as `webhook.image.tag`.
   * @default kustomize puts the digest in place of the tag, where there is one
   */
  readonly value?: string;
}

export interface UpstreamSourceProps {
  /** Git repository or Helm repository. */
  readonly repository: string;
  /** Tag or chart version; never a branch. */
  readonly revision: string;
  /**
   * The commit of that tag. It is what is read: a tag can be moved.
   * @default the tag is read
   */
  readonly commit?: string;
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
  /**
   * Every image that its pods run, out of the image table.
   * @default none: it brings no pods
   */
  readonly images?: readonly UpstreamImage[];
  /** Helm release name, where the source is a chart. */
  readonly releaseName?: string;
  /** Kinds that this source brings, as `group/Kind`, for the permissions of its application's project. */
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
    refusePrivateImages(props);
    this.props = props;
  }
}

/** Whoever made these pods names no Secret of ours in them, so no node could pull. */
function refusePrivateImages({ repository, images = [] }: UpstreamSourceProps): void {
  const findings = images.flatMap(({ image }) =>
    image.pullSecret === undefined
      ? []
      : {
          where: `upstream source ${repository}`,
          what: `its image ${image.repository} is of a private registry, and its pods do not name ${image.pullSecret}`,
          allowed: 'images that everybody may pull',
          remedy: 'narrow privateRegistries to the folder of your own images, or give the nodes the password',
        },
  );
  if (findings.length > 0) throw new InputError(findings);
}

/** The values of a chart, with the tag of each image, and its digest where the table has one. */
export function valuesOf(
  { values, images = [] }: Pick<UpstreamSourceProps, 'values' | 'images'>,
  tagOf = ({ tag, digest }: Image): string => tag + (digest === undefined ? '' : `@${digest}`),
): UpstreamSourceProps['values'] {
  return images.reduce(
    (all, { image, value }) => (value === undefined ? all : withValue(all ?? {}, value.split('.'), tagOf(image))),
    values,
  );
}

function withValue(
  values: Readonly<Record<string, unknown>>,
  [key = '', ...below]: readonly string[],
  value: string,
): Readonly<Record<string, unknown>> {
  if (below.length === 0) return { ...values, [key]: value };
  return { ...values, [key]: withValue((values[key] ?? {}) as Readonly<Record<string, unknown>>, below, value) };
}
