import type { Construct } from 'constructs';
import { applicationOf } from '../core/application-chart.ts';
import type { Generation, Recovery } from '../core/environment.ts';
import type { SecretRef, SecretRefProps } from '../core/secret-ref.ts';
import { sharedSecret } from './shared-secret.ts';

/**
 * Which life of a store this is. Each recovery begins a new one, with objects, volumes and a folder of backups of its own;
 * name and secrets stay, because clients and old backups know them.
 */
export class Life {
  /** The same in every life. */
  readonly name: string;
  /** From 1. */
  readonly generation: number;
  /** What it is made from; undefined for one that begins empty. */
  readonly recovery: Recovery | undefined;
  /** Whether it is meant to begin empty, whatever another life holds. */
  readonly empty: boolean;
  readonly namespace: string;
  /** The first of those that stand beside each other: it has the secrets. */
  readonly owner: Construct;

  /** @param before the life of the store that this one stands beside */
  constructor(construct: Construct, name: string, generation: Generation = { number: 1 }, before?: Life) {
    this.name = before?.name ?? name;
    this.generation = generation.number;
    this.recovery = generation.recovery;
    this.empty = generation.empty ?? false;
    this.namespace = applicationOf(construct).destination.name;
    this.owner = before?.owner ?? construct;
  }

  /** What its objects are called. */
  get scope(): string {
    return this.scopeOf(this.generation);
  }

  /** What the objects of another life are called. */
  scopeOf(generation: number): string {
    return generation === 1 ? this.name : `${this.name}-${generation}`;
  }

  /**
   * Where a life's backups are in their bucket.
   * @param format what only programs of one version read, such as `17`
   */
  folderOf(format: string | number, generation = this.generation): string {
    return `${this.name}/${format}-${generation}`;
  }

  /** A secret that all lives share: made with the first. */
  secret(id: string, props: SecretRefProps): SecretRef {
    return sharedSecret(this.owner, id, props);
  }
}
