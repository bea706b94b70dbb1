/** Which span of time is shown. */
import { SegmentedControl } from "@mantine/core";
import { type Span, SPAN_TEXT } from "@/lib/spans";

const DATA = Object.entries(SPAN_TEXT).map(([value, { label }]) => ({ value, label }));

export function SpanSwitch({ value, onChange }: { value: Span; onChange: (span: Span) => void }) {
  return (
    <SegmentedControl
      aria-label="Span of time"
      size="xs"
      data={DATA}
      value={value}
      onChange={(span) => onChange(span as Span)}
    />
  );
}
