/** A key's status in colour, icon and word; and what each means. */
import { StatusBadge, type Tone } from "@/components/status-badge";
import type { KeyStatus } from "@/lib/api-types";

const TONES: Record<KeyStatus, Tone> = {
  active: "green",
  disabled: "amber",
  expired: "grey",
  revoked: "red",
};
const TEXT: Record<KeyStatus, string> = {
  active: "Active",
  disabled: "Disabled",
  expired: "Expired",
  revoked: "Revoked",
};

export function KeyStatusBadge({ status }: { status: KeyStatus }) {
  return (
    <StatusBadge tone={TONES[status]} paused={status === "disabled"}>
      {TEXT[status]}
    </StatusBadge>
  );
}
