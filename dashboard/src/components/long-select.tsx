/** A choice out of hundreds: its options are in the page only while it is open, so that typing elsewhere stays quick. */
import { Select, type SelectProps } from "@mantine/core";

export function LongSelect(props: SelectProps) {
  return (
    <Select searchable allowDeselect={false} comboboxProps={{ keepMounted: false }} {...props} />
  );
}
