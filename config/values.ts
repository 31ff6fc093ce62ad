import net from 'node:net';
import * as v from 'valibot';
import { parseCidr } from '../constructs/core/cidr.ts';
import { Schedule } from '../constructs/core/schedule.ts';
import { isCertificates } from './authorities.ts';
import { isHost, repositoryRemote, serviceRemote } from './remote.ts';

// Every message here is the "allowed" line of an error: it says what would be right.

/** An object with these keys and no others. */
export function object<const E extends v.ObjectEntries>(entries: E): v.StrictObjectSchema<E, string> {
  return v.strictObject(entries, `an object with ${Object.keys(entries).join(', ')}`);
}

export function record<V extends v.GenericSchema>(what: string, value: V): v.RecordSchema<typeof key, V, string> {
  return v.record(key, value, `an object: ${what} by name`);
}

/**
 * A value, or `false` for none. A union would tell of the whole what is wrong inside.
 * @param what is allowed, for whoever gives something else
 */
export function orFalse<S extends v.GenericSchema>(schema: S, what: string) {
  const none = v.literal(false, what);
  const either = v.lazy<S | typeof none>((input) => (typeof input === 'object' && input !== null ? schema : none));
  // What the messages look into.
  return Object.assign(either, { wrapped: schema, message: what });
}

export function whole(what: string, least: number) {
  return v.pipe(
    v.number(`a number: ${what}`),
    v.safeInteger(`a whole number: ${what}`),
    v.minValue(least, `${least} or more: ${what}`),
  );
}

export const positive = (what: string) => whole(what, 1);

export const percent = (what: string) => v.pipe(positive(what), v.maxValue(100, `1 to 100: ${what}`));

export const key = v.pipe(
  v.string('a name'),
  v.regex(/^[a-z][A-Za-z0-9-]*$/, 'a key of letters, digits and dashes, a small letter first'),
);

export const dnsLabel = v.pipe(
  v.string('a name'),
  v.regex(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, 'lower-case letters, digits and dashes, 63 at most, a letter first'),
);

/** The last label has letters only, or is one of other letters in its ASCII form. */
export const host = v.pipe(
  v.string('a host name'),
  v.regex(
    /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+([a-z]{2,63}|xn--[-a-z0-9]{1,58}[a-z0-9])$/,
    'a host name in lower case, such as api.example.com',
  ),
  v.maxLength(253, 'a host name of at most 253 characters'),
);

export const cidr = v.pipe(
  v.string('a network'),
  v.check(
    (text) => parseCidr(text)?.family === 4,
    'an IPv4 network in CIDR form without host bits, such as 10.42.0.0/16',
  ),
);

export const address = v.pipe(
  v.string('an address'),
  v.check((text) => net.isIPv4(text), 'an IPv4 address, such as 10.0.0.1'),
);

/** Where a name leads, for the network policies. */
export const addresses = v.optional(
  v.pipe(v.array(cidr, 'a list of networks'), v.minLength(1, 'one network or more, such as 10.10.0.5/32')),
);

/** Text that a function judges, which says what would be right. */
function judged(what: string, problem: (text: string) => string | undefined) {
  return v.pipe(
    v.string(what),
    v.rawCheck(({ dataset, addIssue }) => {
      const allowed = dataset.typed ? problem(dataset.value) : undefined;
      if (allowed !== undefined) addIssue({ message: allowed });
    }),
  );
}

/** Anything but a URL: what TCP connects to. */
export const serverHost = judged('a host name', (text) =>
  isHost(text) ? undefined : 'a host name in lower case, or an IPv4 address',
);

export const port = v.pipe(whole('a port', 1), v.maxValue(65_535, 'a port from 1 to 65535'));

/** As `ssh-keyscan` prints it, without the host before it. */
export const hostKey = v.pipe(
  v.string('a key of a host'),
  v.regex(
    /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{40,}={0,2}$/,
    'kind and key without the host, such as ssh-ed25519 AAAAC3Nza...',
  ),
);

export const certificates = judged('certificates in PEM', (text) =>
  isCertificates(text)
    ? undefined
    : 'certificates in PEM, one after the other with a line end behind each, and nothing beside them',
);

export const schedule = judged('a schedule', (text) => Schedule.problem(text));

export const endpoint = judged('an endpoint', (text) => textOf(serviceRemote(text)));

export const repositoryUrl = judged('a URL', (text) => textOf(repositoryRemote(text)));

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/**
 * The name of a branch, not its full one: `refs/heads/` is put before it.
 * @see https://git-scm.com/docs/git-check-ref-format (2.53)
 */
export const branch = v.pipe(
  v.string('a branch'),
  v.regex(
    /^(?!HEAD$|refs\/|[0-9a-f]{40}$)(?!.*(\.\.|\/\/|\/\.|\.lock(\/|$)))[A-Za-z0-9][-A-Za-z0-9._/]{0,199}(?<![/.])$/,
    'the name of a branch, such as main, without refs/heads/',
  ),
);

/**
 * Clients address buckets by path, so that a dot breaks no certificate.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html (2026)
 */
export const bucket = v.pipe(
  v.string('a bucket'),
  v.regex(
    /^(?!\d+(\.\d+){3}$)[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]$/,
    'a bucket: 3 to 63 lower-case letters, digits, dashes and single dots',
  ),
);

export const moment = v.pipe(
  v.string('a moment'),
  v.regex(
    /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,6})?\+00$/,
    'a moment in UTC as PostgreSQL takes it, such as 2026-11-22 10:00:00+00',
  ),
  v.check((text) => isMoment(`${text}:00`), 'a moment that there was'),
);

export const date = v.pipe(
  v.string('a date'),
  v.regex(/^\d{4}-\d{2}-\d{2}$/, 'a date such as 2026-11-23'),
  v.check((text) => isMoment(text), 'a day that there is'),
);

/** JavaScript takes the 30th of February for the 2nd of March. */
function isMoment(text: string): boolean {
  const date = new Date(text);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text.slice(0, 10));
}

/** What repositories begin with: a registry, and folders of it. */
export const imagePrefix = v.pipe(
  v.string('a registry'),
  v.regex(
    /^(?=[^/]*[.:])(?:[a-z0-9]([-a-z0-9]*[a-z0-9])?\.)*[a-z0-9]([-a-z0-9]*[a-z0-9])?(:\d{1,5})?(\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/,
    'a registry, or a folder of one, such as ghcr.io/acme',
  ),
);

/** @see https://github.com/distribution/reference/blob/main/reference.go (v0.6) */
export const imageRepository = v.pipe(
  v.string('a repository'),
  v.regex(
    /^(?=[a-z0-9])(?:[a-z0-9]([-a-z0-9]*[a-z0-9])?\.)*[a-z0-9]([-a-z0-9]*[a-z0-9])?(:\d{1,5})?(\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)+$/,
    'registry/name without a tag, such as ghcr.io/example/backend',
  ),
  v.check((text) => Number(/:(\d+)\//.exec(text)?.[1] ?? 1) <= 65_535, 'a registry with a port from 1 to 65535'),
);
