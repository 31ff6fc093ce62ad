import { dump } from 'js-yaml';
import { authorityFile } from '../core/authority-files.ts';
import { secretFile } from '../core/container.ts';
import type { Endpoint } from '../core/endpoint.ts';
import { ofLogs } from '../core/log-alert.ts';
import type { ObservabilityOptions } from './options.ts';
import { watchdog } from './own-alerts.ts';
import type { AlertReceiver } from './props.ts';
import { ofObjects } from './rules.ts';

/** Who waits outside for a sign of life. */
const heartbeatName = 'heartbeat';

/** Those who are told of nothing, as of alerts that are only written down. */
const nobody = 'nobody';

/** @see https://prometheus.io/docs/alerting/0.34/configuration/ */
export function alertmanagerConfiguration({ receivers, heartbeat }: ObservabilityOptions): string {
  return dump(
    {
      route: {
        receiver: nobody,
        group_by: ['alertname', 'component'],
        group_wait: '10s',
        group_interval: '2m',
        repeat_interval: '4h',
        routes: [
          ...(heartbeat
            ? [
                {
                  receiver: heartbeatName,
                  matchers: [`alertname="${watchdog}"`],
                  group_wait: '0s',
                  group_interval: '1m',
                  // Shorter than the interval: one of the same length is over only at the next but one.
                  repeat_interval: '50s',
                },
              ]
            : []),
          ...receivers.map(({ name, severities }) => ({
            receiver: name,
            matchers: [`severity=~"${severities.join('|')}"`],
            continue: true,
          })),
        ],
      },
      inhibit_rules: [
        // Nearly everything that waits for the morning follows from it; what pages still does. What people did, as lines of logs tell,
        // does not: it is over before the node is back, and nobody would be told.
        inhibition(
          'alertname="NodeLost"',
          'severity=~"ticket|note"',
          `alertname!="${watchdog}"`,
          `source!="${ofLogs.source}"`,
        ),
        // What counts objects is wrong meanwhile, and says so of everything at once.
        inhibition(
          'alertname="KubernetesNotWatched"',
          `source="${ofObjects.source}"`,
          'alertname!="KubernetesNotWatched"',
        ),
        // One that burns within hours burns within days too.
        {
          source_matchers: ['sloth_severity="page"'],
          target_matchers: ['sloth_severity="ticket"'],
          equal: ['sloth_id'],
        },
        inhibition('alertname="ControlPlaneDown"', 'alertname=~"KubernetesNotWatched|TargetDown|CronJobLate"'),
      ],
      receivers: [
        { name: nobody },
        ...(heartbeat
          ? [
              {
                name: heartbeatName,
                webhook_configs: [
                  { url_file: secretFile(heartbeat.url), send_resolved: false, ...verified(heartbeat.endpoint) },
                ],
              },
            ]
          : []),
        ...receivers.map(receiver),
      ],
    },
    { lineWidth: -1 },
  );
}

function inhibition(source: string, ...targets: readonly string[]): object {
  return { source_matchers: [source], target_matchers: targets };
}

function receiver(props: AlertReceiver): object {
  const { name } = props;
  switch (props.kind) {
    case 'webhook':
      return {
        name,
        webhook_configs: [{ url_file: secretFile(props.url), send_resolved: true, ...verified(props.endpoint) }],
      };
    case 'chat': {
      const line = '{{ .Annotations.summary }} ({{ .Labels.severity }}, {{ .Status }}) {{ .Annotations.runbook }}';
      const text = `{{ range .Alerts }}${line}\n{{ end }}`;
      return {
        name,
        slack_configs: [
          { api_url_file: secretFile(props.url), send_resolved: true, text, ...verified(props.endpoint) },
        ],
      };
    }
    case 'mail': {
      const { server, from, to, credentials } = props;
      const login = { auth_username: credentials.user, auth_password_file: secretFile(credentials.password) };
      const smarthost = `${server.host}:${server.port}`;
      return { name, email_configs: [{ to, from, smarthost, ...login, require_tls: true, send_resolved: true }] };
    }
  }
}

/** By whom its certificate has to be, where that is nobody whom the world trusts. */
function verified({ authority }: Endpoint): object {
  return authority ? { http_config: { tls_config: { ca_file: authorityFile(authority) } } } : {};
}
