import fs from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { BerReader, BerWriter } from 'ldapts';

const tags = { bind: 0x60, unbind: 0x42, search: 0x63, bindAnswer: 0x61, entry: 0x64, done: 0x65 } as const;

export interface Person {
  readonly password: string;
  /** What a bind is refused by, such as `775`. */
  readonly refusedBy?: string;
  readonly groups?: readonly string[];
  /** The one whose number stands in the account, and which has no members written down. Such are in `groupsOf` too. */
  readonly primaryGroup?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

export const base = 'DC=ad,DC=example,DC=com';
const domain = [21, 3_277_407_939, 259_584_211, 2_233_607_985];
/** Of the domain and a number in it, as an answer has it, and as a filter may. */
const sid = (number: number): Buffer =>
  Buffer.concat([Buffer.from([1, 5, 0, 0, 0, 0, 0, 5]), Buffer.from(Uint32Array.from([...domain, number]).buffer)]);
const sidText = (number: number): string => ['S-1-5', ...domain, number].join('-');
export const dnOf = (name: string): string => `CN=${name},CN=Users,${base}`;

/**
 * Speaks as much LDAP as signing in needs, with the faults that servers were seen to have: on a connection that somebody is
 * bound to, it takes the next bind with any password; and it says yes to a name with an empty one.
 */
export class LdapServer {
  /** Binds in the order they came: on which connection, by whom. */
  readonly binds: { readonly connection: number; readonly dn: string; readonly isEmpty: boolean }[] = [];
  /** Filters of searches, as text. */
  readonly searches: string[] = [];
  connections = 0;
  private readonly server: tls.Server;

  constructor(
    private readonly people: Readonly<Record<string, Person>>,
    files: { readonly key: string; readonly file: string },
    /** Groups that groups are in. */
    private readonly groupsOf: Readonly<Record<string, readonly string[]>> = {},
  ) {
    const options = { key: fs.readFileSync(files.key), cert: fs.readFileSync(files.file) };
    this.server = tls.createServer(options, (socket) => this.serve(socket, this.connections++));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `ldaps://localhost:${(this.server.address() as net.AddressInfo).port}`;
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(socket: tls.TLSSocket, connection: number): void {
    let isBound = false;
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      const reader = new BerReader(data);
      reader.readSequence();
      const id = reader.readInt() ?? 0;
      const operation = reader.peek();
      if (operation === tags.unbind) {
        socket.end();
        return;
      }
      reader.readSequence(operation ?? undefined);
      if (operation === tags.bind) {
        reader.readInt();
        const dn = reader.readString() ?? '';
        const password = reader.readString(0x80) ?? '';
        this.binds.push({ connection, dn, isEmpty: password === '' });
        const person = Object.entries(this.people).find(([name]) => dnOf(name) === dn || name === dn)?.[1];
        const isRight = isBound || password === '' || (person?.password === password && !person.refusedBy);
        isBound ||= isRight;
        const why = person?.refusedBy ?? (person ? '52e' : '525');
        const text = `80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data ${why}, v1db1`;
        socket.write(result(id, tags.bindAnswer, isRight ? 0 : 49, isRight ? '' : text));
      } else {
        for (const answer of this.answers(id, reader)) socket.write(answer);
      }
    });
  }

  private *answers(id: number, reader: BerReader): Generator<Buffer> {
    reader.readString();
    const filter = reader.buffer.toString('latin1');
    this.searches.push(filter);
    const groups = Object.values(this.people).flatMap(({ primaryGroup }) => primaryGroup ?? []);
    for (const [name, { groups: of = [], primaryGroup, attributes = {} }] of Object.entries(this.people)) {
      if (filter.includes('member') && filter.includes(dnOf(name))) {
        for (const group of of) yield entry(id, dnOf(group), { sAMAccountName: group });
      } else if (asserted(filter, name)) {
        const own = { sAMAccountName: name, displayName: `Name of ${name}`, userAccountControl: '512', ...attributes };
        const primary = primaryGroup && {
          objectSid: sid(1500),
          primaryGroupID: String(513 + groups.indexOf(primaryGroup)),
        };
        yield entry(id, dnOf(name), { ...own, ...primary });
      }
    }
    for (const [index, group] of groups.entries()) {
      if (filter.includes(sidText(513 + index))) yield entry(id, dnOf(group), { sAMAccountName: group });
      if (filter.includes('member') && filter.includes(dnOf(group))) {
        for (const each of this.groupsOf[group] ?? []) yield entry(id, dnOf(each), { sAMAccountName: each });
      }
    }
    yield result(id, tags.done, 0, '');
  }
}

/** Whether the filter asks for the account of exactly that name, whatever the case. */
const asserted = (filter: string, name: string): boolean =>
  filter.toLowerCase().includes(`samaccountname\x04${String.fromCharCode(name.length)}${name.toLowerCase()}`);

function result(id: number, tag: number, code: number, text: string): Buffer {
  return message(id, tag, (writer) => {
    writer.writeEnumeration(code);
    writer.writeString('');
    writer.writeString(text);
  });
}

function entry(id: number, dn: string, attributes: Readonly<Record<string, string | Buffer>>): Buffer {
  return message(id, tags.entry, (writer) => {
    writer.writeString(dn);
    writer.startSequence();
    for (const [name, value] of Object.entries(attributes)) {
      writer.startSequence();
      writer.writeString(name);
      writer.startSequence(0x31);
      if (typeof value === 'string') writer.writeString(value);
      else writer.writeBuffer(value, 0x04);
      writer.endSequence();
      writer.endSequence();
    }
    writer.endSequence();
  });
}

function message(id: number, tag: number, write: (writer: BerWriter) => void): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(tag);
  write(writer);
  writer.endSequence();
  writer.endSequence();
  return writer.buffer;
}
