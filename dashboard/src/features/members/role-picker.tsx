/** A role, each with what it may do. */
import { Radio, Stack } from "@mantine/core";
import type { Role } from "@/lib/api-types";
import { words } from "@/lib/format";
import { grantableRoles, ROLES, useSession } from "@/lib/session";

interface RolePickerProps {
  value: Role;
  onChange: (role: Role) => void;
}

export function RolePicker({ value, onChange }: RolePickerProps) {
  const allowed = grantableRoles(useSession());
  return (
    <Radio.Group label="Role" value={value} onChange={(role) => onChange(role as Role)}>
      <Stack gap="xs" mt={6}>
        {ROLES.filter(({ role }) => allowed.includes(role)).map(({ role, text }) => (
          <Radio key={role} value={role} label={words(role)} description={text} />
        ))}
      </Stack>
    </Radio.Group>
  );
}
