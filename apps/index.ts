import type { Application } from '../constructs/core/application.ts';
import { argocd } from './argocd.ts';
import { backend } from './backend.ts';
import { certManager, sealedSecrets } from './controllers.ts';
import { crds } from './crds.ts';
import { data } from './data.ts';
import { frontend } from './frontend.ts';
import { identity } from './identity.ts';
import { namespacesApplication } from './namespaces.ts';

/** The table: every Argo CD application of the platform. Waves come from the wires, not from this order. */
export const applications: readonly Application<unknown>[] = [
  namespacesApplication,
  crds,
  sealedSecrets,
  certManager,
  argocd,
  data,
  identity,
  backend,
  frontend,
];
