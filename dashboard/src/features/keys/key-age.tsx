/** How old a key is against the 90 days after which the product advises to rotate. */
import type { Key } from "@/lib/api-types";
import { counted } from "@/lib/format";
import classes from "./key-age.module.css";

export const ROTATE_AFTER_DAYS = 90;

export function KeyAge({ keyed }: { keyed: Pick<Key, "ageDays" | "rotateDue" | "status"> }) {
  const isDue = keyed.rotateDue && keyed.status === "active";
  const share = Math.min(1, keyed.ageDays / ROTATE_AFTER_DAYS);
  return (
    <div className={classes.age}>
      <div className={classes.text}>
        <span>{counted(keyed.ageDays, "day")}</span>
        {isDue && <b>Rotate</b>}
      </div>
      <div className={classes.track} aria-hidden="true">
        <div
          className={`${classes.fill} ${isDue ? classes.due : ""}`}
          style={{ width: `${share * 100}%` }}
        />
      </div>
    </div>
  );
}
