// node outputs.mjs NODE... < JSON: a line for each node of what `tofu output -json nodes` says, in that order: its public
// address, its address in the private network, the floating IP where it has it, and its volumes as NAME=DEVICE, separated by commas.
import fs from 'node:fs';

const names = process.argv.slice(2);
const refuse = (what) => {
  process.stderr.write(`${what}\n`);
  process.exit(1);
};

let given;
try {
  given = JSON.parse(fs.readFileSync(0, 'utf8'));
} catch {
  refuse('the outputs of Terraform are no JSON');
}
// All outputs, or this one alone.
const nodes = given?.nodes?.value ?? given?.nodes ?? given ?? {};
const known = Object.keys(nodes);
if (names.some((name) => !known.includes(name)) || known.some((name) => !names.includes(name))) {
  refuse(
    `Terraform has the nodes ${known.sort().join(', ') || '(none)'}, and the configuration has ${names.join(', ')}: ` +
      'one that is renamed is another node',
  );
}
for (const name of names) {
  const { public_address: outside, address, floating_ip, volumes = {} } = nodes[name];
  const devices = Object.entries(volumes).map(([volume, device]) => `${volume}=${device}`);
  const floating = floating_ip ?? '-';
  const words = [outside, address, floating, ...devices];
  if (!words.every((word) => /^[A-Za-z0-9./_=-]+$/.test(word ?? '')))
    refuse(`the outputs of ${name} are none: ${words}`);
  process.stdout.write(`${name} ${outside} ${address} ${floating} ${devices.join(',') || '-'}\n`);
}
