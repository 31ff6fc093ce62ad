// Written by npm run import from github.com/bitnami-labs/sealed-secrets@v0.36.6; nobody edits it.
// No text of theirs: what their fields are called, and of which type each is.
import type { IObjectMeta } from '@kubernetes-models/apimachinery/apis/meta/v1/ObjectMeta';

export interface SealedSecret {
  readonly apiVersion: 'bitnami.com/v1alpha1';
  readonly kind: 'SealedSecret';
  readonly metadata?: IObjectMeta;
  readonly spec: SealedSecretSpec;
}

export interface SealedSecretSpec {
  readonly data?: string;
  readonly encryptedData: Readonly<Record<string, string>>;
  readonly template?: SealedSecretSpecTemplate;
}

export interface SealedSecretSpecTemplate {
  readonly data?: Readonly<Record<string, string>> | null;
  readonly immutable?: boolean;
  readonly metadata?: SealedSecretSpecTemplateMetadata | null;
  readonly type?: string;
}

export interface SealedSecretSpecTemplateMetadata {
  readonly [field: string]: unknown;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly name?: string;
  readonly namespace?: string;
}
