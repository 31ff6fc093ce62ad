/** A condition that somebody has to know of. Whoever watches the platform collects them. */
export interface Alert {
  /** In upper camel case, such as `PostgresNoLeader`. */
  readonly name: string;
  /** PromQL that gives a series while it holds. */
  readonly expression: string;
  /** Minutes it has to hold before anybody is told. */
  readonly forMinutes: number;
  /** `page` wakes somebody up, `ticket` waits for the morning, `note` is written down. */
  readonly severity: 'page' | 'ticket' | 'note';
  /** One sentence for whoever is told. */
  readonly summary: string;
  /** File in docs/runbooks/ without its ending. */
  readonly runbook: string;
}
