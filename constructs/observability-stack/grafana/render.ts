import { createRequire } from 'node:module';
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type * as Common from '@grafana/grafana-foundation-sdk/common';
import type * as Dashboards from '@grafana/grafana-foundation-sdk/dashboard';
import type * as Logs from '@grafana/grafana-foundation-sdk/logs';
import type * as Loki from '@grafana/grafana-foundation-sdk/loki';
import type * as Prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import type * as Stats from '@grafana/grafana-foundation-sdk/stat';
import type * as Tables from '@grafana/grafana-foundation-sdk/table';
import type * as Curves from '@grafana/grafana-foundation-sdk/timeseries';
import type { DashboardProps, PanelProps, Unit } from '../../core/dashboard.ts';
import { lineQueries } from './lines.ts';
import { sources } from './sources.ts';

interface Builders {
  readonly common: typeof Common;
  readonly dashboard: typeof Dashboards;
  readonly logs: typeof Logs;
  readonly loki: typeof Loki;
  readonly prometheus: typeof Prometheus;
  readonly stat: typeof Stats;
  readonly table: typeof Tables;
  readonly timeseries: typeof Curves;
}

let loaded: Builders | undefined;

/**
 * Grafana's own builders: they know each key of a dashboard and its type, so that none is misspelt. Loaded where there is something to
 * build, because most syntheses have none.
 */
function builders(): Builders {
  if (loaded !== undefined) return loaded;
  const require = createRequire(`${import.meta.dirname}/`);
  const load = (name: string): unknown => require(`@grafana/grafana-foundation-sdk/${name}`);
  loaded = {
    common: load('common') as typeof Common,
    dashboard: load('dashboard') as typeof Dashboards,
    logs: load('logs') as typeof Logs,
    loki: load('loki') as typeof Loki,
    prometheus: load('prometheus') as typeof Prometheus,
    stat: load('stat') as typeof Stats,
    table: load('table') as typeof Tables,
    timeseries: load('timeseries') as typeof Curves,
  };
  return loaded;
}

const width = 24;
const heights = { now: 4, curves: 8 } as const;
/** Of lines and traces, which are read: as much as a screen shows below the board's own rows. */
const readHeight = 10;
const mostBeside = { now: 4, curves: 2 } as const;
/** By which each finds the others. */
const tag = 'diptych';
/** Where there is no number, and should be one. */
const unknown = 'not known';

/** Where Grafana has another name of it. */
const units: Readonly<Partial<Record<Unit, string>>> = { count: 'none', cores: 'suffix:cores' };

/** What there is beside numbers. */
export interface Kept {
  readonly lines?: boolean;
  readonly traces?: boolean;
}

/**
 * The same for all: figures in one line, then curves, two beside each other and the last one alone as wide as they. Lines and traces
 * are below, closed: nobody is asked for them before somebody opens them.
 */
export function render(props: DashboardProps, kept: Kept = {}): string {
  const { name, title, description, rows } = props;
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- files of the newer schema are refused by Grafana 13
  const { DashboardBuilder, DashboardLinkBuilder, DashboardLinkType, RowBuilder, DashboardCursorSync } =
    builders().dashboard;
  const made = new DashboardBuilder(title)
    .uid(name)
    .description(description)
    .tags([tag])
    .link(
      new DashboardLinkBuilder('Others').type(DashboardLinkType.Dashboards).tags([tag]).asDropdown(true).keepTime(true),
    )
    .timezone('utc')
    .time({ from: 'now-6h', to: 'now' })
    .refresh('1m')
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly();
  let y = 0;
  let id = 0;
  const place = (panels: readonly PanelProps[], kind: keyof typeof heights): void => {
    for (let from = 0; from < panels.length; from += mostBeside[kind]) {
      const line = panels.slice(from, from + mostBeside[kind]);
      const w = width / line.length;
      for (const [index, props] of line.entries()) {
        const panel = kind === 'now' ? figure(props) : curve(props);
        made.withPanel(panel.id((id += 1)).gridPos({ x: index * w, y, w, h: heights[kind] }));
      }
      y += heights[kind];
    }
  };
  for (const row of rows) {
    made.withRow(new RowBuilder(row.title).id((id += 1)).gridPos({ x: 0, y, w: width, h: 1 }));
    y += 1;
    place(row.now ?? [], 'now');
    place(row.curves ?? [], 'curves');
  }
  for (const { title, panels } of readRows(props, kept)) {
    const row = new RowBuilder(title).id((id += 1)).gridPos({ x: 0, y, w: width, h: 1 });
    y += 1;
    for (const [index, panel] of panels.entries()) {
      row.withPanel(panel.id((id += 1)).gridPos({ x: 0, y: y + index * readHeight, w: width, h: readHeight }));
    }
    made.withRow(row);
  }
  return `${JSON.stringify(made.build(), undefined, 1)}\n`;
}

interface ReadRow {
  readonly title: string;
  readonly panels: readonly (Logs.PanelBuilder | Tables.PanelBuilder)[];
}

/** What is read in place of being seen: whose lines and traces the board is about, where there are any. */
function readRows({ lines, traces }: DashboardProps, kept: Kept): ReadRow[] {
  const queries = lines && kept.lines ? lineQueries(lines) : undefined;
  return [
    ...(queries
      ? [
          {
            title: 'Lines',
            panels: [
              linesPanel('Of something bad', 'Lines that call themselves an error, the newest first.', queries.bad),
              linesPanel('All', 'The newest first; each opens, and leads to its trace where it has one.', queries.all),
            ],
          },
        ]
      : []),
    ...(traces !== undefined && kept.traces ? [{ title: 'Traces', panels: [tracesPanel(traces)] }] : []),
  ];
}

function linesPanel(title: string, description: string, query: string): Logs.PanelBuilder {
  const { logs, loki, common } = builders();
  return new logs.PanelBuilder()
    .title(title)
    .description(description)
    .datasource(sources.lines)
    .showTime(true)
    .showLabels(false)
    .showCommonLabels(false)
    .wrapLogMessage(true)
    .prettifyLogMessage(false)
    .enableLogDetails(true)
    .dedupStrategy(common.LogsDedupStrategy.None)
    .sortOrder(common.LogsSortOrder.Descending)
    .withTarget(new loki.DataqueryBuilder().refId('A').expr(query).queryType('range').maxLines(200));
}

function tracesPanel(service: string): Tables.PanelBuilder {
  const { table } = builders();
  // Of Jaeger's questions there is no builder.
  const query = { refId: 'A', queryType: 'search', service, limit: 50, _implementsDataqueryVariant: () => undefined };
  const target: Builder<Dataquery> = { build: () => query };
  return new table.PanelBuilder()
    .title('Traces that went through it')
    .description('The newest that are kept; each opens.')
    .datasource(sources.traces)
    .withTarget(target);
}

function figure(props: PanelProps): Stats.PanelBuilder {
  const { stat, common } = builders();
  const panel = described(new stat.PanelBuilder(), props)
    .graphMode(common.BigValueGraphMode.None)
    .colorMode(common.BigValueColorMode.Background);
  for (const each of targets(props.queries)) panel.withTarget(each.instant());
  return panel;
}

function curve(props: PanelProps): Curves.PanelBuilder {
  const { timeseries, common } = builders();
  const { VizLegendOptionsBuilder, VizTooltipOptionsBuilder, GraphThresholdsStyleConfigBuilder } = common;
  const { LegendDisplayMode, LegendPlacement, GraphThresholdsStyleMode } = common;
  const legend = new VizLegendOptionsBuilder().showLegend(true);
  const panel = described(new timeseries.PanelBuilder(), props)
    .lineWidth(1)
    .fillOpacity(props.many ? 0 : 10)
    .showPoints(common.VisibilityMode.Never)
    // From nothing on, so that a small change is not taken for a large one.
    .axisSoftMin(0)
    .tooltip(new VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi))
    .legend(
      props.many
        ? legend.displayMode(LegendDisplayMode.Table).placement(LegendPlacement.Right).calcs(['lastNotNull'])
        : legend.displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom),
    )
    .thresholdsStyle(
      new GraphThresholdsStyleConfigBuilder().mode(
        props.bad ? GraphThresholdsStyleMode.Line : GraphThresholdsStyleMode.Off,
      ),
    );
  for (const each of targets(props.queries)) panel.withTarget(each);
  return panel;
}

/** What figures and curves have alike. */
function described<Panel extends Stats.PanelBuilder | Curves.PanelBuilder>(
  panel: Panel,
  { title, description, unit, bad, words, empty = unknown }: PanelProps,
): Panel {
  panel
    .title(title)
    .description(description)
    .datasource(sources.numbers)
    .unit(units[unit] ?? unit)
    .noValue(empty)
    .thresholds(thresholds(bad));
  if (unit === 'count') panel.decimals(0);
  if (words) {
    const options = Object.fromEntries(Object.entries(words).map(([number, text]) => [number, { text }]));
    panel.mappings([{ type: builders().dashboard.MappingType.ValueToText, options }]);
  }
  return panel;
}

function targets(queries: PanelProps['queries']): Prometheus.DataqueryBuilder[] {
  const { DataqueryBuilder } = builders().prometheus;
  return Object.entries(queries).map(([legend, expression], index) =>
    new DataqueryBuilder()
      .refId(String.fromCharCode(65 + index))
      .expr(expression)
      .legendFormat(legend),
  );
}

function thresholds(bad: PanelProps['bad']): Dashboards.ThresholdsConfigBuilder {
  const { ThresholdsConfigBuilder, ThresholdsMode } = builders().dashboard;
  const [good, wrong] = ['green', 'red'] as const;
  const steps =
    bad === undefined
      ? [{ value: null, color: 'blue' }]
      : 'from' in bad
        ? [
            { value: null, color: good },
            { value: bad.from, color: wrong },
          ]
        : [
            { value: null, color: wrong },
            { value: bad.below, color: good },
          ];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
}
