import { environmentInput } from '../../config/index.ts';
import type { BucketClient } from '../object-storage/bucket-client.ts';
import type { BucketKeys } from '../object-storage/bucket-client.ts';
import { newestKey } from './store.ts';
import { wantedFiles } from './contents.ts';

export interface EnvelopeOptions {
  readonly environment: string;
  readonly identity: string;
  readonly recipient: string;
  readonly client: BucketClient;
  /** A pair that only reads. */
  readonly keys: BucketKeys;
  readonly made: Date;
}

/** A page to print: with it and the bucket alone a bundle is opened, on any machine with curl, age and tar. */
export function envelopeText({ environment, identity, recipient, client, keys, made }: EnvelopeOptions): string {
  const { url } = environmentInput(environment).repository;
  const { region } = client.place;
  return `ENVELOPE: the secrets of ${environment}

Printed on ${made.toISOString().slice(0, 10)}. Keep it where it is never lost, on paper, in two places. Whoever has it has
everything. It does not change when a new bundle is made.

On any machine with curl (7.75 or newer), age and tar, such as Debian: apt-get install curl age.

Type this into a file called curl.txt:

---- curl.txt
user = "${keys.accessKeyId}:${keys.secretAccessKey}"
aws-sigv4 = "aws:amz:${region}:s3"
header = "x-amz-content-sha256: UNSIGNED-PAYLOAD"
url = "${client.url(newestKey(environment))}"
output = "bundle.age"
----

Type this into a file called identity.txt. It has a sum: a mistake is noticed.

---- identity.txt
${identity}
----

Then:

---- commands
curl --fail --silent --show-error --config curl.txt
age --decrypt --identity identity.txt --output bundle.tar bundle.age
mkdir -p -m 700 "$HOME/.diptych/${environment}" && tar --extract --file bundle.tar --directory "$HOME/.diptych/${environment}"
----

What to do next is in README.txt there. Whether it is the bundle that somebody of us made: sha256sum bundle.age is the
sha256 in config/bundles.json of ${url}
Its recipient there: ${recipient}
`;
}

/** What lies beside the secrets for whoever opens a bundle. */
export function readmeText(environment: string): string {
  const { url, branch } = environmentInput(environment).repository;
  const files = wantedFiles(environment).map(({ path, purpose }) => `  ${path.padEnd(40)} ${purpose}`);
  return `The secrets of ${environment}, as install/ and terraform/ want them in ~/.diptych/${environment}.

Next:
  git clone --branch ${branch} ${url} platform && cd platform && npm ci
  for file in "$HOME/.diptych/${environment}"/tokens/*_TOKEN; do export "$(basename "$file")=$(cat "$file")"; done
  docs/runbooks/disaster-recovery.md, from its second step on

What is where, as far as it was there when the bundle was made:
${files.join('\n')}
  ${'cluster/sealing/NAME'.padEnd(40)} every key that the cluster opened sealed values with
  ${'cluster/archives/NAMESPACE/NAME'.padEnd(40)} keys of the backups

bundle.json has the sums, and the versions that ran.
`;
}
