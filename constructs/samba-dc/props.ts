import type { JsonPatch, Size } from 'cdk8s';
import type { TrustedAuthority } from '../core/endpoint.ts';
import type { Generation, Image, WorkloadSize } from '../core/environment.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';
import type { ArchiveProps } from '../stateful/index.ts';

/** Several accounts under one name. */
export interface DirectoryGroup {
  /** Letters, digits, dashes, underscores and dots; 64 at most. */
  readonly name: string;
  /**
   * The organisational unit it is in, such as `Roles` or `Company/Roles`.
   * @default the domain's own folder of users
   */
  readonly unit?: string;
  /**
   * What it is for.
   * @default none
   */
  readonly description?: string;
  /**
   * Groups and accounts that belong to it. Others that were added in the directory stay.
   * @default none
   */
  readonly members?: readonly string[];
}

/** Who signs in without a person: a program that searches for users, or that takes tickets. */
export interface ServiceAccount {
  /** Small letters, digits and dashes; 20 at most. */
  readonly name: string;
  /** What it is for, in one sentence. */
  readonly purpose: string;
  /** A key of a `SecretRef`. When that changes, the account's password follows. */
  readonly password: SecretKeyReference;
  /**
   * Services that it takes tickets for, such as `HTTP/api.example.com`.
   * @default none
   */
  readonly principals?: readonly string[];
  /**
   * Groups that it belongs to.
   * @default none: it may read what everybody in the domain may read
   */
  readonly groups?: readonly string[];
  /**
   * The organisational unit it is in.
   * @default the domain's own folder of users
   */
  readonly unit?: string;
}

/** What people's passwords have to be. */
export interface PasswordPolicy {
  /**
   * Characters that one has at least, 8 or more.
   * @default 12
   */
  readonly minimumLength?: number;
  /**
   * Whether one has three of four kinds of characters.
   * @default true
   */
  readonly complexity?: boolean;
  /**
   * How many that somebody had before are refused.
   * @default 24
   */
  readonly history?: number;
  /**
   * Days after which one ends; 0 for never.
   * @default 0: a password that has to be changed for no reason becomes a worse one
   * @see NIST SP 800-63B-4, section 3.1.1.2
   */
  readonly maximumAgeDays?: number;
  /**
   * Days before which it can't be changed again.
   * @default 1
   */
  readonly minimumAgeDays?: number;
  /**
   * Wrong passwords in a row after which an account is locked; 0 for never.
   * @default 10
   */
  readonly lockoutThreshold?: number;
  /**
   * Minutes that it stays locked, and within which wrong ones are counted.
   * @default 15
   */
  readonly lockoutMinutes?: number;
}

export interface DirectoryBackupProps extends ArchiveProps {
  /**
   * Days that backups are kept; the newest three stay, however old.
   * @default 30
   */
  readonly keepDays?: number;
}

export interface SambaDCProps {
  /**
   * Name of every object, and of the host.
   * @default the construct's id
   */
  readonly name?: string;
  /** Image of Samba's domain controller with bash and Samba's modules for Python: `environment.image('samba')`. */
  readonly image: Image;
  /** Of Kerberos, such as `AD.EXAMPLE.COM`: a domain below the company's. Can't be changed once it has begun. */
  readonly realm: string;
  /** The company's own domain, which the world's name servers answer for: `environment.domain`. */
  readonly publicDomain: string;
  /**
   * Its short name, of which people know `AD\\user`. Can't be changed once it has begun.
   * @default the realm's first part
   */
  readonly domain?: string;
  /**
   * Name of the server in the directory. Can't be changed once it has begun.
   * @default DC1
   */
  readonly server?: string;
  /**
   * Of its Service, in the network of Services: clients of its name server know no name, and every name of the domain leads
   * there. Kubernetes can't change it in place.
   */
  readonly address: string;
  /** Signs the certificate, by cert-manager: `environment.authority('samba-ca')`. There is no LDAP without TLS. */
  readonly authority: TrustedAuthority;
  /** Size of its volume: `environment.storage(name)`. Kubernetes can't change it in place. */
  readonly storage: Size;
  /**
   * Of the volume. Kubernetes can't change it in place.
   * @default local-path
   */
  readonly storageClass?: string;
  /**
   * CPU and memory; usually `environment.size(name)`.
   * @default 50m and 512 MiB
   */
  readonly size?: Pick<WorkloadSize, 'cpuRequest' | 'memory'>;
  /**
   * The name server that is asked for names outside of the realm, an IPv4 address; `false` for none.
   * @default false: pods ask the cluster's, which asks this one for names of the realm alone
   */
  readonly dnsForwarder?: string | false;
  /**
   * Organisational units, such as `Company` and `Company/Roles`, each one's own parent before it.
   * @default none
   */
  readonly units?: readonly string[];
  /**
   * Groups.
   * @default none
   */
  readonly groups?: readonly DirectoryGroup[];
  /**
   * Accounts of programs; people's are made in the directory.
   * @default none
   */
  readonly serviceAccounts?: readonly ServiceAccount[];
  /**
   * What people's passwords have to be.
   * @default 12 characters that never end, and 15 minutes without a sign-in after ten wrong ones
   */
  readonly passwordPolicy?: PasswordPolicy;
  /** Copies of everything in object storage; `false` for none. */
  readonly backups: DirectoryBackupProps | false;
  /**
   * Which life of the directory this is: `environment.generation(name)`.
   * @default the first, which begins a domain
   */
  readonly generation?: Generation;
  /**
   * Changes to the finished StatefulSet, for what no option reaches.
   * @default none
   */
  readonly patches?: readonly JsonPatch[];
}
