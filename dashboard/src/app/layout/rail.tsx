/** The rail: the company, search, the places the role may see, and the person. */
import { Tooltip } from "@mantine/core";
import { IconBook2, IconInbox, IconSearch } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useApprovalsForMe } from "@/features/approvals/api";
import { useOpenFlagCount } from "@/features/flags/api";
import { useUnreadNoticeCount } from "@/features/notices/api";
import { commandKey } from "@/lib/preferences";
import { useSession } from "@/lib/session";
import { type Place, visibleRail } from "../navigation";
import { AccountMenu } from "./account-menu";
import { CompanySwitch } from "./company-switch";
import classes from "./shell.module.css";

interface RailProps {
  onPalette: () => void;
  onHelp: () => void;
  onLeave?: () => void;
}

interface PlaceLinkProps {
  place: Pick<Place, "to" | "label" | "icon">;
  count?: number | undefined;
  counts?: string | undefined;
  onLeave?: (() => void) | undefined;
}

function PlaceLink({ place, count = 0, counts, onLeave }: PlaceLinkProps) {
  const Icon = place.icon;
  return (
    <Tooltip
      label={place.label}
      position="right"
      events={{ hover: true, focus: true, touch: false }}
    >
      <Link
        to={place.to}
        className={classes.place}
        activeOptions={{ exact: place.to === "/", includeSearch: false }}
        onClick={onLeave}
      >
        <Icon size={18} stroke={1.6} aria-hidden />
        <span className={classes.name}>{place.label}</span>
        {count > 0 && (
          <span className={classes.count} aria-label={`${count} ${counts}`}>
            {count > 99 ? "99+" : count}
          </span>
        )}
      </Link>
    </Tooltip>
  );
}

export function Rail({ onPalette, onHelp, onLeave }: RailProps) {
  const session = useSession();
  const counts: Record<string, [count: number, what: string]> = {
    "/approvals": [useApprovalsForMe(session), "approvals wait for you"],
    "/flags": [useOpenFlagCount(session), "open flags"],
  };
  const unread = useUnreadNoticeCount();
  return (
    <>
      <CompanySwitch />
      <button type="button" className={`${classes.place} ${classes.search}`} onClick={onPalette}>
        <IconSearch size={16} aria-hidden="true" />
        <span className={classes.name}>Search</span>
        <kbd className={classes.keys}>{commandKey()} K</kbd>
      </button>
      <nav aria-label="Main">
        {visibleRail(session).map((group) => (
          <ul key={group[0]?.to} className={classes.group}>
            {group.map((place) => (
              <li key={place.to}>
                <PlaceLink
                  place={place}
                  count={counts[place.to]?.[0]}
                  counts={counts[place.to]?.[1]}
                  onLeave={onLeave}
                />
              </li>
            ))}
          </ul>
        ))}
      </nav>
      <div className={classes.foot}>
        <a className={classes.place} href="/docs/authentication" target="_blank" rel="noreferrer">
          <IconBook2 size={18} stroke={1.6} aria-hidden="true" />
          <span className={classes.name}>API Authentication</span>
        </a>
        <PlaceLink
          place={{ to: "/notices", label: "Notices", icon: IconInbox }}
          count={unread}
          counts="unread notices"
          onLeave={onLeave}
        />
        <AccountMenu onHelp={onHelp} onLeave={onLeave} />
      </div>
    </>
  );
}
