/** One of nobody: its bytes are the number. */
export function publicKey(number: number): string {
  const type = 'ssh-ed25519';
  const field = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  return `${type} ${Buffer.concat([field(Buffer.from(type)), field(Buffer.alloc(32, number))]).toString('base64')}`;
}
