/** Round numbers for an axis that begins at zero. Pure. */
const ROUND = [1, 2, 2.5, 5, 10];

/** At least one tick above zero; the last is not below `most`; all are whole numbers. */
export function ticksUpTo(most: number, wanted = 4): number[] {
  const rough = Math.max(1, most) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ...ROUND.filter((round) => round * power >= rough).slice(0, 1)) * power;
  const whole = Math.max(1, Math.ceil(step));
  const ticks = [0];
  while ((ticks.at(-1) ?? 0) < most || ticks.length < 2) ticks.push((ticks.at(-1) ?? 0) + whole);
  return ticks;
}
