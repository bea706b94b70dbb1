/** The first steps of a new company; each ticks itself, and the list leaves when all are done. */
import { VisuallyHidden } from "@mantine/core";
import { IconCircle, IconCircleCheckFilled } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { TextLink } from "@/components/links";
import { Section } from "@/components/page";
import { keysQuery } from "@/features/keys/api";
import { invitesQuery } from "@/features/members/api";
import type { Session } from "@/lib/api-types";
import { rowsOf } from "@/lib/paged";
import { membersQuery } from "@/lib/people";
import { may } from "@/lib/session";
import classes from "./overview.module.css";

interface Item {
  title: string;
  text: string;
  to: string;
  isDone: boolean;
}

const LIVE_MS = 10_000;

export function Checklist({ session }: { session: Session }) {
  const keys = useInfiniteQuery({ ...keysQuery({}), refetchInterval: LIVE_MS });
  const members = useQuery(membersQuery);
  const invites = useQuery({ ...invitesQuery, enabled: may(session, "members") });
  if (!keys.data || !members.data) return null;
  const rows = rowsOf(keys.data);
  const others = members.data.items.length - 1 + (invites.data?.items.length ?? 0);
  const items: Item[] = [
    {
      title: "Create an API key",
      text: "Each application gets its own, with only the scopes it needs.",
      to: "/keys/new",
      isDone: rows.length > 0,
    },
    {
      title: "Make the first request",
      text: "Ready samples are shown with the key. This ticks itself within a minute.",
      to: rows[0] ? `/keys/${rows[0].id}` : "/keys",
      isDone: rows.some((key) => key.lastUsedAt !== null),
    },
    {
      title: "Invite someone",
      text: "A second owner or admin keeps you from being locked out.",
      to: "/members",
      isDone: others > 0,
    },
  ];
  if (items.every((item) => item.isDone)) return null;
  return (
    <Section
      title={`Getting started: ${items.filter((item) => item.isDone).length} of ${items.length} done`}
    >
      <ol className={classes.list}>
        {items.map((item) => (
          <ChecklistItem key={item.title} item={item} />
        ))}
      </ol>
    </Section>
  );
}

function ChecklistItem({ item }: { item: Item }) {
  return (
    <li className={classes.row}>
      {item.isDone ? (
        <IconCircleCheckFilled size={22} color="var(--status-green)" aria-hidden="true" />
      ) : (
        <IconCircle size={22} stroke={1.5} aria-hidden="true" />
      )}
      <div>
        <TextLink to={item.to} fw={600} c={item.isDone ? "dimmed" : undefined}>
          {item.title}
        </TextLink>
        <VisuallyHidden>{item.isDone ? " (done)" : " (to do)"}</VisuallyHidden>
        <p className={classes.text}>{item.text}</p>
      </div>
    </li>
  );
}
