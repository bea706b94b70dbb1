/** The places of the dashboard, in the rail's order; a place appears only where the role may see it. */
import {
  IconActivity,
  IconFlag,
  IconHistory,
  IconHome,
  IconInbox,
  IconKey,
  IconSettings,
  IconUser,
  IconUserCheck,
  IconUsers,
} from "@tabler/icons-react";
import type { Session } from "@/lib/api-types";
import { may } from "@/lib/session";

export interface Place {
  to: string;
  label: string;
  icon: typeof IconHome;
  /** The letter after `g`. */
  letter: string;
  permission?: string;
}

export const RAIL: Place[][] = [
  [
    { to: "/", label: "Overview", icon: IconHome, letter: "o" },
    {
      to: "/approvals",
      label: "Approvals",
      icon: IconUserCheck,
      letter: "v",
      permission: "runs:read",
    },
  ],
  [
    { to: "/keys", label: "API keys", icon: IconKey, letter: "k", permission: "keys" },
    { to: "/usage", label: "Usage", icon: IconActivity, letter: "u", permission: "keys" },
    { to: "/flags", label: "Flags", icon: IconFlag, letter: "f", permission: "keys" },
  ],
  [
    { to: "/members", label: "Members", icon: IconUsers, letter: "m" },
    { to: "/audit", label: "Audit", icon: IconHistory, letter: "a", permission: "audit" },
    { to: "/settings", label: "Settings", icon: IconSettings, letter: "s" },
  ],
];

export const OTHER_PLACES: Place[] = [
  { to: "/notices", label: "Notices", icon: IconInbox, letter: "n" },
  { to: "/profile", label: "Your profile", icon: IconUser, letter: "p" },
];

function mayVisit(place: Place, session: Session): boolean {
  return !place.permission || may(session, place.permission);
}

export function visibleRail(session: Session): Place[][] {
  return RAIL.map((group) => group.filter((place) => mayVisit(place, session))).filter(
    (group) => group.length > 0,
  );
}

export function visiblePlaces(session: Session): Place[] {
  return [...visibleRail(session).flat(), ...OTHER_PLACES];
}
