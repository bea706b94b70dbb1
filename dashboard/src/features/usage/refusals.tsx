/** What was refused, and why each kind happens. */
import { Facts } from "@/components/facts";
import type { Usage } from "@/lib/api-types";
import { formatCount } from "@/lib/format";

export function Refusals({ usage }: { usage: Usage }) {
  const { refusals, addresses } = usage;
  return (
    <Facts
      large
      facts={[
        ["401, not let in", formatCount(refusals["401"])],
        ["403, scope or address missing", formatCount(refusals["403"])],
        ["429, over the limit", formatCount(refusals["429"])],
        ["Distinct addresses", formatCount(addresses)],
      ]}
    />
  );
}
