/** Thirty days in the space of a word: bars, with the same in words for those who cannot see them. */
import { formatCount } from "@/lib/format";

const WIDTH = 88;
const HEIGHT = 22;

/** One path for all bars: a list of keys shows thousands of them. */
function pathOf(values: number[], isShown: (value: number) => boolean): string {
  const most = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, values.length);
  const width = Math.max(1, step - 1);
  return values
    .map((value, index) => {
      if (!isShown(value)) return "";
      const height = value === 0 ? 1 : Math.max(2, (value / most) * (HEIGHT - 1));
      return `M${(index * step).toFixed(2)} ${HEIGHT}v${(-height).toFixed(2)}h${width.toFixed(2)}V${HEIGHT}z`;
    })
    .join("");
}

export function Sparkline({ values, label }: { values: number[]; label: string }) {
  const total = values.reduce((sum, value) => sum + value, 0);
  return (
    <svg
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`${label}: ${formatCount(total)} in ${values.length} days, at most ${formatCount(Math.max(0, ...values))} a day`}
    >
      <path d={pathOf(values, (value) => value === 0)} fill="var(--mantine-color-default-border)" />
      <path d={pathOf(values, (value) => value > 0)} fill="var(--series-1)" />
    </svg>
  );
}
