/**
 * Stacked bars over time, drawn as plain SVG: a chart library costs more than the whole first load.
 * It is a picture for the eye only; a table with the same numbers stands beside it.
 */
import { useState } from "react";
import { formatCompact, formatCount } from "@/lib/format";
import { ticksUpTo } from "@/lib/ticks";
import classes from "./bar-chart.module.css";
import { useWidth } from "./use-width";

export interface Series {
  name: string;
  color: string;
}

export interface Bar {
  label: string;
  title: string;
  values: number[];
}

const HEIGHT = 220;
const LEFT = 44;
const BOTTOM = 24;
const TOP = 8;
const LABEL_WIDTH = 72;
const WIDEST_BAR = 28;
const PLOT = HEIGHT - TOP - BOTTOM;

function sumOf(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

export function BarChart({ bars, series }: { bars: Bar[]; series: Series[] }) {
  const { ref, width } = useWidth<HTMLDivElement>();
  const [hovered, setHovered] = useState<number | null>(null);
  const ticks = ticksUpTo(Math.max(0, ...bars.map((bar) => sumOf(bar.values))));
  const top = ticks.at(-1) ?? 1;
  const column = bars.length > 0 ? Math.max(0, width - LEFT) / bars.length : 0;
  const hoveredBar = hovered === null ? undefined : bars[hovered];
  return (
    <div ref={ref} className={classes.chart} onMouseLeave={() => setHovered(null)}>
      <svg width={width} height={HEIGHT}>
        <Axis ticks={ticks} top={top} width={width} />
        {bars.map((bar, index) => (
          <g key={bar.title} onMouseEnter={() => setHovered(index)}>
            <rect
              className={classes.column}
              x={LEFT + index * column}
              y={TOP}
              width={column}
              height={PLOT}
            />
            <Stack bar={bar} series={series} top={top} x={LEFT + index * column} column={column} />
          </g>
        ))}
        <Labels bars={bars} column={column} />
      </svg>
      {hoveredBar && hovered !== null && (
        <Tip bar={hoveredBar} series={series} x={LEFT + (hovered + 0.5) * column} width={width} />
      )}
      <ul className={classes.legend}>
        {series.map((one) => (
          <li key={one.name}>
            <span className={classes.swatch} style={{ background: one.color }} />
            {one.name}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Axis({ ticks, top, width }: { ticks: number[]; top: number; width: number }) {
  return ticks.map((tick) => {
    const y = TOP + PLOT * (1 - tick / top);
    return (
      <g key={tick}>
        <line
          className={tick === 0 ? classes.base : classes.grid}
          x1={LEFT}
          x2={width}
          y1={y}
          y2={y}
        />
        <text className={classes.tick} x={LEFT - 8} y={y + 4} textAnchor="end">
          {formatCompact(tick)}
        </text>
      </g>
    );
  });
}

interface StackProps {
  bar: Bar;
  series: Series[];
  top: number;
  x: number;
  column: number;
}

function Stack({ bar, series, top, x, column }: StackProps) {
  const width = Math.min(WIDEST_BAR, Math.max(1, column * 0.72));
  let y = TOP + PLOT;
  return series.map((one, index) => {
    const value = bar.values[index] ?? 0;
    if (value === 0) return null;
    const height = Math.max(1.5, (value / top) * PLOT);
    y -= height;
    return (
      <rect
        key={one.name}
        x={x + (column - width) / 2}
        y={y}
        width={width}
        height={height}
        fill={one.color}
        pointerEvents="none"
      />
    );
  });
}

/** As many labels as fit: an empty label leaves its bar without one. */
function Labels({ bars, column }: { bars: Bar[]; column: number }) {
  const labelled = bars.map((bar, index) => ({ bar, index })).filter(({ bar }) => bar.label);
  const apart = labelled.length > 1 ? (labelled[1]?.index ?? 1) - (labelled[0]?.index ?? 0) : 1;
  const every = Math.max(1, Math.ceil(LABEL_WIDTH / Math.max(1, column * apart)));
  const shown = labelled.filter((_, index) => index % every === Math.floor(every / 2));
  return shown.map(({ bar, index }) => (
    <text
      key={bar.title}
      className={classes.tick}
      x={LEFT + (index + 0.5) * column}
      y={HEIGHT - 6}
      textAnchor="middle"
    >
      {bar.label}
    </text>
  ));
}

const TIP_WIDTH = 168;

interface TipProps {
  bar: Bar;
  series: Series[];
  x: number;
  width: number;
}

function Tip({ bar, series, x, width }: TipProps) {
  const left = Math.min(Math.max(0, x - TIP_WIDTH / 2), Math.max(0, width - TIP_WIDTH));
  return (
    <div className={classes.tip} style={{ left }}>
      <p>{bar.title}</p>
      {series.map((one, index) => (
        <div key={one.name}>
          <span>
            <span className={classes.swatch} style={{ background: one.color }} />
            {one.name}
          </span>
          <span>{formatCount(bar.values[index] ?? 0)}</span>
        </div>
      ))}
    </div>
  );
}
