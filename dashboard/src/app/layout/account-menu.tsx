/** The person: profile, light or dark, shortcuts, sign out. */
import { Menu, useMantineColorScheme, VisuallyHidden } from "@mantine/core";
import {
  IconDeviceDesktop,
  IconKeyboard,
  IconLogout,
  IconMoon,
  IconSun,
  IconUser,
} from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { notifyFailed } from "@/components/notify";
import { api, dataOf } from "@/lib/api";
import { forgetDrafts } from "@/lib/drafts";
import { endSession, useSession } from "@/lib/session";
import { words } from "@/lib/format";
import classes from "./shell.module.css";

const SCHEMES = [
  { value: "auto", label: "As the system", icon: IconDeviceDesktop },
  { value: "light", label: "Light", icon: IconSun },
  { value: "dark", label: "Dark", icon: IconMoon },
] as const;

export function useSignOut(): () => Promise<void> {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    try {
      await dataOf(api.DELETE("/api/v1/admin/session"));
    } catch (error) {
      notifyFailed("You are still signed in.", error as Error);
      return;
    }
    await navigate({ to: "/sign-in" });
    endSession(queries);
    forgetDrafts();
  };
}

interface AccountMenuProps {
  onHelp: () => void;
  onLeave?: (() => void) | undefined;
}

export function AccountMenu({ onHelp, onLeave }: AccountMenuProps) {
  const session = useSession();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const leave = (act: () => void) => () => {
    onLeave?.();
    act();
  };
  return (
    <Menu position="top-start" width={240} withinPortal>
      <Menu.Target>
        <button type="button" className={classes.company}>
          <VisuallyHidden>Account of </VisuallyHidden>
          <span className={classes.avatar} aria-hidden="true">
            {session.member.name.charAt(0).toUpperCase()}
          </span>
          <span className={classes.name}>
            {session.member.name}
            <span className={classes.sub}>{words(session.role)}</span>
          </span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{session.member.email}</Menu.Label>
        <Menu.Item
          leftSection={<IconUser size={16} />}
          onClick={leave(() => void navigate({ to: "/profile" }))}
        >
          Your profile and sessions
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={16} />} onClick={leave(onHelp)}>
          Keyboard shortcuts
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>Appearance</Menu.Label>
        {SCHEMES.map(({ value, label, icon: Icon }) => (
          <Menu.Item
            key={value}
            role="menuitemradio"
            aria-checked={colorScheme === value}
            leftSection={<Icon size={16} />}
            fw={colorScheme === value ? 600 : 400}
            onClick={() => setColorScheme(value)}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
