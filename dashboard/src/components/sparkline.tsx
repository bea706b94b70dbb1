/** Thirty days in the space of a word: bars, with the same in words for those who cannot see them. */
import { formatCount } from "@/lib/format";

const WIDTH = 88;
const HEIGHT = 22;

export function Sparkline({ values, label }: { values: number[]; label: string }) {
  const most = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, values.length);
  const total = values.reduce((sum, value) => sum + value, 0);
  return (
    <svg
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`${label}: ${formatCount(total)} in ${values.length} days, at most ${formatCount(Math.max(0, ...values))} a day`}
    >
      {values.map((value, index) => {
        const height = value === 0 ? 1 : Math.max(2, (value / most) * (HEIGHT - 1));
        return (
          <rect
            key={`${index.toString()}`}
            x={index * step}
            y={HEIGHT - height}
            width={Math.max(1, step - 1)}
            height={height}
            fill={value === 0 ? "var(--mantine-color-default-border)" : "var(--series-1)"}
          />
        );
      })}
    </svg>
  );
}
