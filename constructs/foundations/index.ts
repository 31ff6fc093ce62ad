export { Foundations } from './foundations.ts';
export type { FoundationsProps } from './foundations.ts';
export { PullSecrets } from './pull-secrets.ts';
export type { PullSecretsProps } from './pull-secrets.ts';
