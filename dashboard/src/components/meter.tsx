/** How much of a budget is used, as a bar and in words. */
import classes from "./meter.module.css";

interface MeterProps {
  label: string;
  used: number;
  limit: number;
  text: string;
  /** Where the column's head names it already. */
  isLabelHidden?: boolean;
}

const HIGH = 0.8;

export function Meter({ label, used, limit, text, isLabelHidden }: MeterProps) {
  const share = limit > 0 ? Math.min(1, used / limit) : 0;
  const tone = share >= 1 ? classes.red : share >= HIGH ? classes.amber : "";
  return (
    <div className={classes.meter}>
      <div className={classes.row}>
        {!isLabelHidden && <span>{label}</span>}
        <span>{text}</span>
      </div>
      <div
        className={classes.track}
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={limit}
        aria-valuenow={Math.min(used, limit)}
        aria-valuetext={text}
      >
        <div className={`${classes.fill} ${tone}`} style={{ width: `${share * 100}%` }} />
      </div>
    </div>
  );
}
