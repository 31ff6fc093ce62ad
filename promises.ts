import type { PromiseEntry } from './synth/promises/entry.ts';

/**
 * Every promise of the mission, and what proves it. The status of a promise is computed from this table, the tests and
 * prove/results/: npm run promises. Which drill proves which promise stands in prove/drills/: npm run prove -- list.
 */
const table = [
  {
    id: 'synth',
    promise: 'one command writes all manifests; the same input gives the same bytes',
    bound: 'byte-identical',
    proofs: [
      {
        kind: 'static',
        test: 'tests/determinism.test.ts',
        name: 'the same input gives the same bytes under another locale, time zone, clock and directory',
      },
    ],
  },
  {
    id: 'gitops-auto',
    promise: 'Argo CD applies the committed tree by itself, as an app of apps',
    bound: 'whole tree Synced and Healthy',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'gitops-waves',
    promise: 'databases are ready before the applications that use them are applied (first install)',
    bound: 'measured order',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'gitops-update',
    promise: 'an update that breaks a dependency never takes the running application down',
    bound: '0 failed requests',
    proofs: [{ kind: 'drill', measures: { failed: { unit: 'requests', atMost: 0 } } }],
  },
  {
    id: 'gitops-heal',
    promise: 'manual drift is corrected',
    bound: '< 60 s',
    proofs: [{ kind: 'drill', measures: { healed: { unit: 's', below: 60 } } }],
  },
  {
    id: 'gitops-rollback',
    promise: 'a developer rolls an application back by hand and it stays rolled back until re-enabled',
    bound: 'holds over 3 reconciliations',
    proofs: [{ kind: 'drill', measures: { held: { unit: 'reconciliations', atLeast: 3 } } }],
  },
  {
    id: 'gitops-rbac',
    promise: 'admin, developer and readonly can do what they should and nothing else',
    bound: 'table of allowed and denied calls',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'gitops-source',
    promise: 'git alone says what Argo CD applies: every other source is refused, and rollback still works',
    bound: 'table of refused and allowed calls',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'pg-failover',
    promise: "PostgreSQL promotes the standby when the primary's pod or process dies",
    bound: '< 30 s (ours: < 20 s)',
    proofs: [{ kind: 'drill', measures: { outage: { unit: 's', below: 20 } } }],
  },
  {
    id: 'pg-rpo',
    promise: 'no committed transaction is lost at failover (synchronous)',
    bound: '0 lost',
    proofs: [{ kind: 'drill', measures: { lost: { unit: 'transactions', atMost: 0 } } }],
  },
  {
    id: 'pg-backup',
    promise: 'full backup daily at 02:00, kept 30 days; WAL continuous, kept 7 days',
    bound: 'schedule and retention run',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'pg-pitr',
    promise: 'point-in-time recovery after corruption',
    bound: '< 1 h, exact second',
    proofs: [
      { kind: 'drill', measures: { recovered: { unit: 'min', below: 60 }, 'off the target': { unit: 's', below: 1 } } },
    ],
  },
  {
    id: 'pg-spread',
    promise: 'primary and standby never share a node',
    bound: 'strict',
    proofs: [
      {
        kind: 'static',
        test: 'tests/constructs/patroni-cluster.test.ts',
        name: 'the primary and the standby never share a node',
      },
      { kind: 'drill' },
    ],
  },
  {
    id: 'pg-pooler',
    promise: "clients of the pooler write again after the primary's process or pod died, and lose no commit",
    bound: '< 20 s, 0 lost',
    proofs: [
      { kind: 'drill', measures: { outage: { unit: 's', below: 20 }, lost: { unit: 'transactions', atMost: 0 } } },
    ],
  },
  {
    id: 'pg-standby',
    promise: 'a cluster can follow another one and then stand alone; a copy can be made beside it',
    bound: '0 rows missing',
    proofs: [{ kind: 'drill', measures: { missing: { unit: 'rows', atMost: 0 } } }],
  },
  {
    id: 'pg-restore',
    promise: 'a full backup of 50 GB, which is what the volume holds, is back within the hour',
    bound: '< 60 s per GB, every row read',
    proofs: [{ kind: 'drill', measures: { 'restored per GB': { unit: 's', below: 60 } } }],
  },
  {
    id: 'pg-gapless',
    promise: 'the new primary archives what the lost one had not; a recovery across that misses nothing',
    bound: '0 rows missing',
    proofs: [{ kind: 'drill', measures: { missing: { unit: 'rows', atMost: 0 } } }],
  },
  {
    id: 'pg-verify',
    promise: 'clients verify PostgreSQL by its authority and its name; whoever else answers is refused',
    bound: 'refused',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'pg-rollout',
    promise: 'a rolling update of PostgreSQL stops writes for seconds at a time, and loses no commit',
    bound: '< 7 s, 0 lost',
    proofs: [
      { kind: 'drill', measures: { outage: { unit: 's', below: 7 }, lost: { unit: 'transactions', atMost: 0 } } },
    ],
  },
  {
    id: 'redis-failover',
    promise: 'Sentinel promotes the replica',
    bound: '< 15 s (ours: < 8 s)',
    proofs: [{ kind: 'drill', measures: { outage: { unit: 's', below: 8 } } }],
  },
  {
    id: 'redis-view',
    promise: 'no fault leaves Redis without a primary for long; afterwards the Sentinels and the members say the same',
    bound: '40 of 40',
    proofs: [
      { kind: 'drill', measures: { agreed: { unit: 'faults', atLeast: 40 }, whole: { unit: 's', below: 120 } } },
    ],
  },
  {
    id: 'redis-switch',
    promise: 'a planned switch of the Redis primary loses no write',
    bound: '0 lost',
    proofs: [{ kind: 'drill', measures: { lost: { unit: 'writes', atMost: 0 } } }],
  },
  {
    id: 'redis-server',
    promise:
      'a Redis primary goes on where the other node is lost that has the Kubernetes API; a replica is promoted by hand',
    bound: '< 8 s, 0 lost',
    proofs: [{ kind: 'drill', measures: { outage: { unit: 's', below: 8 }, lost: { unit: 'writes', atMost: 0 } } }],
  },
  {
    id: 'redis-valkey',
    promise: 'Valkey in the place of Redis fails over as fast, and loses no write by a planned switch',
    bound: '< 8 s, 0 lost',
    proofs: [{ kind: 'drill', measures: { outage: { unit: 's', below: 8 }, lost: { unit: 'writes', atMost: 0 } } }],
  },
  {
    id: 'redis-damage',
    promise:
      'a damaged log of Redis costs nothing that the other member has; alone, its end is mended, or it waits and says why',
    bound: '0 keys lost',
    proofs: [{ kind: 'drill', measures: { lost: { unit: 'keys', atMost: 0 } } }],
  },
  {
    id: 'redis-persist',
    promise: 'AOF every second; RDB to object storage every 60 min, kept 7 days; restore works',
    bound: '<= 1 s of writes lost on crash',
    proofs: [{ kind: 'drill', measures: { lost: { unit: 's of writes', atMost: 1 } } }],
  },
  {
    id: 'rpo',
    promise: 'recovery point of the whole platform',
    bound: '< 15 min',
    proofs: [{ kind: 'drill', measures: { lost: { unit: 'min', below: 15 } } }],
  },
  {
    id: 'ad-auth',
    promise: 'the backend authenticates a user by LDAPS and by Kerberos against Samba AD',
    bound: 'both flows',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'ad-persist',
    promise: "the directory survives restarts and can't be re-provisioned by accident; backup and restore work",
    bound: 'same domain SID',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'ad-once',
    promise: 'a directory is begun once: restarted, or with parts of its volume lost, it is the same domain or refuses',
    bound: 'same domain SID',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'flow',
    promise: 'browser -> WAF -> frontend -> backend -> cache or database -> directory, as the mission draws it',
    bound: 'end to end, cache hit and miss',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'waf-block',
    promise: 'ModSecurity with OWASP CRS 4, paranoia level 2, blocks; nothing bypasses it',
    bound: 'CRS regression suite; 0 bypass routes',
    proofs: [
      {
        kind: 'drill',
        measures: { 'failed in the suite': { unit: 'tests', atMost: 0 }, bypass: { unit: 'routes', atMost: 0 } },
      },
    ],
  },
  {
    id: 'waf-allow',
    promise: 'ordinary traffic of the applications passes',
    bound: '0 false positives on the recorded set',
    proofs: [{ kind: 'drill', measures: { blocked: { unit: 'requests', atMost: 0 } } }],
  },
  {
    id: 'tls',
    promise: 'TLS 1.3 only, ECDSA P-256, HSTS, CSP, X-Frame-Options',
    bound: 'handshakes refused and accepted',
    proofs: [{ kind: 'drill', measures: { failed: { unit: 'requests', atMost: 0 } } }],
  },
  {
    id: 'rate',
    promise: 'rate limits: 100/s by default, 50/s for the API, 10/min for authentication; answers 429',
    bound: 'measured per client address',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'client-ip',
    promise: 'PROXY protocol v2 (and v1) gives the real client address; forged headers are ignored',
    bound: 'measured',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'edge-metrics',
    promise: 'Traefik exposes Prometheus metrics with custom buckets',
    bound: 'series present',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'edge-rollout',
    promise: 'an update or a lost pod of Traefik or of the WAF, and another rule, cost no request',
    bound: '0 failed requests',
    proofs: [{ kind: 'drill', measures: { failed: { unit: 'requests', atMost: 0 } } }],
  },
  {
    id: 'edge-split',
    promise: 'a host that is split 90 to 10 is split like that at the applications, behind the WAF',
    bound: '10 % of 1,000 clients, give or take 3',
    proofs: [{ kind: 'drill', measures: { off: { unit: '%', atMost: 3 } } }],
  },
  {
    id: 'hpa',
    promise: 'backend 3 to 6 and frontend 2 to 4 replicas, following the load',
    bound: 'scaled both ways',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'pod-crash',
    promise: 'a crashed backend pod costs nothing',
    bound: '0 failed requests, new pod < 10 s',
    proofs: [
      {
        kind: 'drill',
        measures: { failed: { unit: 'requests', atMost: 0 }, 'new pod': { unit: 's', below: 10 } },
      },
    ],
  },
  {
    id: 'node2-down',
    promise: 'loss of node 2: its pods run on node 1',
    bound: '< 2 min',
    proofs: [{ kind: 'drill', measures: { moved: { unit: 's', below: 120 } } }],
  },
  {
    id: 'node1-down',
    promise: 'loss of node 1: two nodes are back after its reboot in < 5 min; three nodes fail over by themselves',
    bound: 'both measured',
    proofs: [
      {
        kind: 'drill',
        measures: { 'back after reboot': { unit: 's', below: 300 }, 'three-node failover': { unit: 's' } },
      },
    ],
  },
  {
    id: 'both-down',
    promise: 'everything lost: rebuilt by Terraform, K3s, Argo CD and WAL-G',
    bound: '< 1 h, timed stages',
    proofs: [
      { kind: 'drill', measures: { rebuilt: { unit: 'min', below: 60 } } },
      {
        kind: 'stated',
        reason: 'how long the provider takes to hand over servers and load balancer shows only in an account there',
        check: 'install/90-verify',
      },
    ],
  },
  {
    id: 'capacity',
    promise: "node use stays within the mission's budget (60/70 % and 50/60 %); one node fewer still fits (N-1)",
    bound: 'computed and scheduled by the real scheduler',
    proofs: [
      {
        kind: 'static',
        test: 'tests/budget.test.ts',
        name: 'the platform fits its nodes, its budgets, and one node fewer',
      },
      { kind: 'drill' },
    ],
  },
  {
    id: 'ddos',
    promise: 'a flood is limited at the edge, and the applications keep answering others',
    bound: "0 of others' requests fail",
    proofs: [{ kind: 'drill', measures: { "others' failures": { unit: 'requests', atMost: 0 } } }],
  },
  {
    id: 'net-deny',
    promise: 'default-deny in both directions in every namespace; only declared edges work',
    bound: 'declared = computed = enforced',
    proofs: [
      {
        kind: 'static',
        test: 'tests/policies.test.ts',
        name: 'what the network policies allow is what the wires declare',
      },
      { kind: 'drill', measures: { differences: { unit: 'connections', atMost: 0 } } },
    ],
  },
  {
    id: 'dns-outside',
    promise: 'CoreDNS tells names of the world to pods with a wire to them, and names of addresses to nobody',
    bound: 'the real CoreDNS answers and refuses',
    proofs: [
      {
        kind: 'static',
        test: 'tests/policies.test.ts',
        name: 'pods whose wires lead to a name outside, and no others, may ask for names of the world',
      },
      { kind: 'drill' },
    ],
  },
  {
    id: 'dns-node-down',
    promise: 'names of the cluster and of the world are told while a node is gone, the one with the API too',
    bound: 'each question < 5 s, 0 fail',
    proofs: [
      {
        kind: 'drill',
        measures: { 'slowest question': { unit: 's', below: 5 }, failed: { unit: 'questions', atMost: 0 } },
      },
    ],
  },
  {
    id: 'pss',
    promise: 'Pod Security restricted everywhere but node-agents',
    bound: 'admitted by the real API server',
    proofs: [
      {
        kind: 'static',
        test: 'tests/policies.test.ts',
        name: 'every pod passes Pod Security restricted, but for those of nodes, in a namespace of their own',
      },
      { kind: 'drill' },
    ],
  },
  {
    id: 'secrets',
    promise: 'only sealed secrets in git; the controller unseals them; rotation works',
    bound: 'round trip',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'rbac',
    promise: 'every workload has its own ServiceAccount with least rights',
    bound: 'denied calls shown',
    proofs: [
      {
        kind: 'static',
        test: 'tests/policies.test.ts',
        name: 'every workload has its own service account without a token unless it asks',
      },
      { kind: 'drill' },
    ],
  },
  {
    id: 'firewall',
    promise: 'only 80/443 from outside; hosts drop the rest on the private net too',
    bound: 'rules tested between namespaces',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'vpn',
    promise: 'WireGuard between nodes, right MTU, no fragments',
    bound: 'measured',
    proofs: [{ kind: 'drill', measures: { fragments: { unit: 'packets', atMost: 0 } } }],
  },
  {
    id: 'terraform',
    promise: 'Terraform makes two nodes, network, volumes, firewall, load balancer and DNS, a command the buckets',
    bound: 'apply, empty second plan, destroy protection against the API',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'envelope',
    promise: 'a printed page and the bucket are enough to have every secret of the platform back',
    bound: 'every file as it was, in an empty system',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'k3s',
    promise: 'numbered install stages, repeatable, hardened',
    bound: 'run twice, second changes nothing',
    proofs: [{ kind: 'drill', measures: { 'second run': { unit: 'changes', atMost: 0 } } }],
  },
  {
    id: 'metrics',
    promise: 'Prometheus, Alertmanager, Grafana, node-exporter, kube-state-metrics; dashboards',
    bound: "targets up; every panel's query returns",
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'logs',
    promise: "every component's logs reach Loki",
    bound: 'line found by query',
    proofs: [
      { kind: 'drill', measures: { lost: { unit: 'lines', atMost: 0 }, duplicates: { unit: 'lines', atMost: 0 } } },
    ],
  },
  {
    id: 'alerts',
    promise: 'each failure scenario raises its alert, and quiet is quiet',
    bound: 'firing and quiet test each',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'slo',
    promise: 'SLOs with error budgets and multi-window burn alerts',
    bound: 'Sloth-compatible',
    proofs: [
      {
        kind: 'static',
        test: 'tests/slo.test.ts',
        name: 'every objective has an error budget and multi-window burn alerts in the shape of Sloth',
      },
      { kind: 'drill' },
    ],
  },
  {
    id: 'status-page',
    promise: 'a page outside tells users whether the platform works, also when both servers are gone',
    bound: 'works, impaired, silent: shown as it is',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'tracing',
    promise: 'a request is one trace across edge, frontend, backend and database',
    bound: 'spans found',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'wazuh',
    promise: 'security agent on every node',
    bound: 'runs, enrols',
    proofs: [
      { kind: 'static', test: 'tests/wazuh-agent.test.ts', name: 'a security agent runs on every node and enrols' },
      {
        kind: 'stated',
        reason: 'the Wazuh manager that agents enrol with is not part of the platform',
        check: 'install/90-verify',
      },
    ],
  },
  {
    id: 'staging',
    promise: 'staging on demand on node 2, separate, removable',
    bound: 'up, isolated, gone',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'offsite',
    promise: "backups are copied to a second provider, and deleting the first doesn't delete the copy",
    bound: 'drilled restore from the copy',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'third-node',
    promise: 'a third small node gives quorum',
    bound: 'three-node environment, drilled',
    proofs: [
      { kind: 'static', test: 'tests/three-node.test.ts', name: 'the third node gives etcd and Sentinel a quorum' },
      { kind: 'drill' },
    ],
  },
  {
    id: 'sso',
    promise: 'Keycloak with OIDC, federated to the directory, as an option',
    bound: 'login round trip',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'canary',
    promise: 'canary and blue-green releases as an option',
    bound: 'weights move, abort works',
    proofs: [{ kind: 'drill' }],
  },
  {
    id: 'mesh',
    promise: 'mTLS between services as an option',
    bound: 'documented choice, measured',
    proofs: [
      {
        kind: 'stated',
        reason:
          'an option that is left off: WireGuard encrypts between the nodes, and what a mesh costs shows only in a cluster that runs one',
      },
    ],
  },
] as const satisfies readonly PromiseEntry[];

export type PromiseId = (typeof table)[number]['id'];

export const promises: readonly PromiseEntry<PromiseId>[] = table;
