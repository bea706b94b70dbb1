/** Those whom a step names, by name where they are members. */
import { useMembers } from "@/lib/people";
import { approverName } from "./words";

/** `most`: as many are named in a list; the others are counted. */
export function Approvers({ approvers, most }: { approvers: string[]; most?: number }) {
  const members = useMembers();
  const names = approvers.map((approver) => approverName(approver, members));
  const shown = names.slice(0, most ?? names.length);
  const left = names.length - shown.length;
  return (
    <span title={approvers.join(", ")}>
      {shown.join(", ")}
      {left > 0 && ` and ${left} more`}
    </span>
  );
}
