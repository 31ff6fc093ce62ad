import fs from 'node:fs';
import { Client, escapeFilter, InvalidCredentialsError } from 'ldapts';
import type { Entry } from 'ldapts';
import type { Logger } from '../platform/log.js';
import { inSpan } from '../platform/tracing.js';
import { readSecret } from '../settings.js';
import type { Settings } from '../settings.js';
import { Directory } from './directory.js';
import type { Account } from './directory.js';
import { refusalOf, stateOf } from './refusal.js';
import type { Refusal } from './refusal.js';

const milliseconds = { connect: 5000, operation: 10_000 };

const binary = ['objectSid'];
const attributes = [
  'sAMAccountName',
  'displayName',
  'userAccountControl',
  'accountExpires',
  'primaryGroupID',
  ...binary,
];
/** What its spans say. */
const asked = { 'network.protocol.name': 'ldap' };
const computedControl = 'msDS-User-Account-Control-Computed';

/** Active Directory by LDAPS. Nothing is kept between two questions, least of all a connection. */
export class LdapDirectory extends Directory {
  constructor(
    private readonly settings: Settings,
    private readonly log: Logger,
  ) {
    super();
  }

  override find(name: string): Promise<Account | undefined> {
    return this.asService('directory search', async (client) => {
      const filter = escapeFilter`(&(objectCategory=person)(objectClass=user)(sAMAccountName=${name}))`;
      const options = { filter, attributes: [...attributes, computedControl], explicitBufferAttributes: binary };
      const { searchEntries } = await client.search(this.settings.LDAP_BASE_DN, options);
      const [entry] = searchEntries;
      if (entry === undefined || searchEntries.length > 1) return undefined;
      return accountOf(entry);
    });
  }

  /**
   * A connection of its own for each password: on one that somebody is bound to already, servers were seen to take the next
   * bind with any password (ldapjs 961), and two people at once on one connection get each other's answer.
   */
  override check(account: Account | undefined, password: string): Promise<Refusal | undefined> {
    // A server takes a bind with a name and no password for an anonymous one, and says yes (RFC 4513, 5.1.2).
    if (password === '') return Promise.resolve('empty password');
    return inSpan('directory bind', asked, async () => {
      const client = this.client();
      try {
        await client.bind(account?.distinguishedName ?? `CN=nobody,${this.settings.LDAP_BASE_DN}`, password);
        this.log.info({ event: 'directory.bind' }, 'asked the directory');
        return account ? undefined : 'unknown account';
      } catch (error) {
        if (!(error instanceof InvalidCredentialsError)) throw error;
        this.log.info({ event: 'directory.bind' }, 'asked the directory');
        return account ? refusalOf(error.message) : 'unknown account';
      } finally {
        await this.leave(client);
      }
    });
  }

  override async ping(): Promise<void> {
    const client = this.client();
    try {
      await client.search('', { scope: 'base', attributes: ['defaultNamingContext'] });
    } finally {
      await this.leave(client);
    }
  }

  override groupsOf({ distinguishedName, primaryGroup }: Account): Promise<readonly string[]> {
    return this.asService('directory search of groups', async (client) => {
      const primary = primaryGroup === '' ? [] : await this.groups(client, escapeFilter`(objectSid=${primaryGroup})`);
      const members = [distinguishedName, ...primary.map(({ dn }) => dn)];
      // Groups of groups too, by the server's own search. @see MS-ADTS 3.1.1.3.4.4.3, LDAP_MATCHING_RULE_TRANSITIVE_EVAL
      const each = members.map((dn) => escapeFilter`(member:1.2.840.113556.1.4.1941:=${dn})`);
      const groups = await this.groups(client, `(|${each.join('')})`);
      return [...primary, ...groups].map((group) => textOf(group, 'sAMAccountName'));
    });
  }

  private async groups(client: Client, which: string): Promise<readonly Entry[]> {
    const options = { filter: `(&(objectClass=group)${which})`, attributes: ['sAMAccountName'] };
    return (await client.search(this.settings.LDAP_BASE_DN, options)).searchEntries;
  }

  private asService<Result>(label: string, action: (client: Client) => Promise<Result>): Promise<Result> {
    return inSpan(label, asked, async () => {
      const client = this.client();
      try {
        await client.bind(this.settings.LDAP_BIND_USER, readSecret(this.settings.LDAP_BIND_PASSWORD_FILE));
        const result = await action(client);
        this.log.info({ event: 'directory.search' }, 'asked the directory');
        return result;
      } finally {
        await this.leave(client);
      }
    });
  }

  private client(): Client {
    const { LDAP_URL: url, LDAP_CA_FILE: authority } = this.settings;
    const tlsOptions = {
      servername: new URL(url).hostname,
      ...(authority ? { ca: fs.readFileSync(authority, 'utf8') } : {}),
    };
    return new Client({ url, timeout: milliseconds.operation, connectTimeout: milliseconds.connect, tlsOptions });
  }

  /** A connection that is broken already can't be closed politely. */
  private async leave(client: Client): Promise<void> {
    await client.unbind().catch((error: unknown) => this.log.debug({ reason: String(error) }, 'directory.leave'));
  }
}

function accountOf(entry: Entry): Account {
  const name = textOf(entry, 'sAMAccountName');
  return {
    name,
    displayName: textOf(entry, 'displayName') || name,
    distinguishedName: entry.dn,
    primaryGroup: primaryGroupOf(entry),
    state: stateOf({
      control: Number(textOf(entry, 'userAccountControl') || 0),
      computed: Number(textOf(entry, computedControl) || 0),
      expires: textOf(entry, 'accountExpires') || '0',
    }),
  };
}

/**
 * Of whoever is in one, such as Domain Users, its number stands in the account, and no member is written down: MS-DTYP 2.4.2.2. As
 * text, because ldapts writes filters as text; empty where the account has none.
 */
function primaryGroupOf(entry: Entry): string {
  const sid = entry.objectSid;
  const number = textOf(entry, 'primaryGroupID');
  if (!Buffer.isBuffer(sid) || number === '') return '';
  const parts = Array.from({ length: (sid[1] ?? 1) - 1 }, (_, index) => sid.readUInt32LE(8 + 4 * index));
  return ['S', sid[0], sid.readUIntBE(2, 6), ...parts, number].join('-');
}

/** Of one value; several are not expected. */
function textOf(entry: Entry, attribute: string): string {
  const value = entry[attribute];
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined ? '' : first.toString();
}
