import fs from 'node:fs';
import path from 'node:path';
import type { PodPeer } from '../core/endpoint.ts';
import { outsideNames } from '../core/outside-names.ts';

/** Files of the ConfigMap that K3s' own Corefile imports, by name. */
export function customDns(folder: string, { name, namespace }: PodPeer): Readonly<Record<string, string>> {
  const values: Readonly<Record<string, string>> = { namespace, name, ...outsideNames };
  return Object.fromEntries(
    fs.readdirSync(folder).map((file) => {
      const text = fs.readFileSync(path.join(folder, file), 'utf8');
      return [file, text.replaceAll(/\{\{(\w+)\}\}/g, (_, key: string) => values[key] ?? '')];
    }),
  );
}

/** Whether those files let pods ask outside. */
export function mayAskOutside({ name, namespace, selector }: PodPeer, fetcher: PodPeer): boolean {
  const isFetcher = name === fetcher.name && namespace === fetcher.namespace;
  return isFetcher || selector[outsideNames.key] === outsideNames.value;
}
