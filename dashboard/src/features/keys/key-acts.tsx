/** What can be done to a key: rotate first; then disable, compromised, revoke. */
import { Button, Menu } from "@mantine/core";
import {
  IconAlertOctagon,
  IconBan,
  IconDots,
  IconPlayerPause,
  IconRefresh,
} from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ButtonLink } from "@/components/links";
import { notifyDone, notifyFailed } from "@/components/notify";
import type { Key, KeyWithSecret } from "@/lib/api-types";
import { usePageActs } from "@/lib/page-acts";
import { useSwitchKey } from "./api";
import { CompromisedDialog } from "./compromised-dialog";
import { DisableDialog } from "./disable-dialog";
import { KeySecretDialog } from "./key-secret-dialog";
import { RevokeDialog } from "./revoke-dialog";

type Ask = "disable" | "compromised" | "revoke" | null;

export function KeyActs({ acted }: { acted: Key }) {
  const navigate = useNavigate();
  const [ask, setAsk] = useState<Ask>(null);
  const [replacement, setReplacement] = useState<KeyWithSecret | null>(null);
  const change = useSwitchKey(acted.id);
  const close = () => setAsk(null);
  const enable = () =>
    change.mutate(
      { to: "active" },
      {
        onSuccess: () => notifyDone(`${acted.name} is active again.`),
        onError: (error) => notifyFailed("The key was not enabled.", error),
      },
    );
  const isRevoked = acted.status === "revoked";
  usePageActs(
    isRevoked
      ? []
      : [
          {
            label: `Rotate ${acted.name}`,
            run: () => void navigate({ to: "/keys/$keyId/rotation", params: { keyId: acted.id } }),
          },
          { label: `Revoke ${acted.name}`, run: () => setAsk("revoke") },
          { label: `${acted.name} is compromised`, run: () => setAsk("compromised") },
        ],
  );
  const afterReplacement = () => {
    const id = replacement?.id;
    setReplacement(null);
    if (id) void navigate({ to: "/keys/$keyId", params: { keyId: id } });
  };
  return (
    <>
      {!isRevoked && (
        <ActButtons acted={acted} onAsk={setAsk} onEnable={enable} isEnabling={change.isPending} />
      )}
      <RevokeDialog revoked={acted} opened={ask === "revoke"} onClose={close} />
      <DisableDialog disabled={acted} opened={ask === "disable"} onClose={close} />
      <CompromisedDialog
        leaked={acted}
        opened={ask === "compromised"}
        onClose={close}
        onReplaced={setReplacement}
      />
      <KeySecretDialog created={replacement} onStored={afterReplacement} />
    </>
  );
}

interface ActButtonsProps {
  acted: Key;
  onAsk: (ask: Ask) => void;
  onEnable: () => void;
  isEnabling: boolean;
}

function ActButtons({ acted, onAsk, onEnable, isEnabling }: ActButtonsProps) {
  return (
    <>
      <Menu position="bottom-end" width={260}>
        <Menu.Target>
          <Button variant="default" px={10} aria-label="More acts">
            <IconDots size={18} />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {acted.status === "active" && (
            <Menu.Item leftSection={<IconPlayerPause size={16} />} onClick={() => onAsk("disable")}>
              Disable for a while
            </Menu.Item>
          )}
          <Menu.Item
            leftSection={<IconAlertOctagon size={16} />}
            onClick={() => onAsk("compromised")}
          >
            Report as compromised
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item
            color="red"
            leftSection={<IconBan size={16} />}
            onClick={() => onAsk("revoke")}
          >
            Revoke
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {acted.status === "disabled" ? (
        <Button onClick={onEnable} loading={isEnabling}>
          Enable
        </Button>
      ) : (
        <ButtonLink
          to="/keys/$keyId/rotation"
          params={{ keyId: acted.id }}
          leftSection={<IconRefresh size={16} />}
          disabled={acted.status !== "active"}
        >
          {acted.rotatedTo ? "Rotation" : "Rotate"}
        </ButtonLink>
      )}
    </>
  );
}
