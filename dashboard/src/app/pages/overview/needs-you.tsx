/** What waits for a person: approvals, flags, keys due, keys about to expire, unread notices. */
import { Skeleton } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ErrorNotice } from "@/components/error-notice";
import { KeyName } from "@/components/key-name";
import { TextLink } from "@/components/links";
import { Section } from "@/components/page";
import { StatusBadge, type Tone } from "@/components/status-badge";
import { openApprovalsQuery } from "@/features/approvals/api";
import { openFlagsQuery } from "@/features/flags/api";
import { kindText } from "@/features/flags/kinds";
import { keysQuery } from "@/features/keys/api";
import { MOST_UNREAD, useUnreadNoticeCount } from "@/features/notices/api";
import type { Approval, Flag, KeyListed, Session } from "@/lib/api-types";
import { counted, formatRelative } from "@/lib/format";
import { rowsOf } from "@/lib/paged";
import { may } from "@/lib/session";
import classes from "./overview.module.css";

interface Need {
  id: string;
  tone: Tone;
  word: string;
  text: ReactNode;
  /** What to do about it. */
  more?: string;
  to: string;
  search?: Record<string, unknown>;
}

const SOON_MS = 30 * 86_400_000;

function expiresSoon(key: KeyListed): boolean {
  if (!key.expiresAt || key.status !== "active") return false;
  const left = Date.parse(key.expiresAt) - Date.now();
  return left > 0 && left < SOON_MS;
}

const MOST_OF_A_KIND = 5;

function approvalNeeds(open: Approval[]): Need[] {
  const mine = open.filter((approval) => approval.mayApprove).slice(0, MOST_OF_A_KIND);
  return mine.map((approval) => ({
    id: approval.id,
    tone: "amber",
    word: "Approval",
    text: approval.title,
    more: `${approval.workflowName ?? "A workflow"} waits, due ${formatRelative(approval.dueAt)}`,
    to: `/approvals/${approval.id}`,
  }));
}

function flagNeeds(open: Flag[]): Need[] {
  return open.slice(0, MOST_OF_A_KIND).map((flag) => ({
    id: flag.id,
    tone: "amber",
    word: "Flag",
    text: (
      <>
        <KeyName id={flag.keyId} />: {kindText(flag.kind).toLowerCase()}
      </>
    ),
    more: flag.advice,
    to: "/flags",
    search: { state: "open" },
  }));
}

interface Needs {
  needs: Need[] | null;
  error: Error | null;
}

function useNeeds(session: Session): Needs {
  const mayKeys = may(session, "keys");
  const mayDecide = may(session, "decide");
  const asked = useQuery({ ...openApprovalsQuery, enabled: mayDecide });
  const flags = useQuery({ ...openFlagsQuery, enabled: mayKeys });
  const keys = useInfiniteQuery({ ...keysQuery({}), enabled: mayKeys });
  const due = useInfiniteQuery({ ...keysQuery({ due: true }), enabled: mayKeys });
  const unread = useUnreadNoticeCount();
  const error = asked.error ?? flags.error ?? keys.error ?? due.error;
  if (error) return { needs: null, error };
  if (mayKeys && (flags.isPending || keys.isPending || due.isPending))
    return { needs: null, error: null };
  if (mayDecide && asked.isPending) return { needs: null, error: null };
  const rows = rowsOf(keys.data).filter((key) => key.status === "active");
  const dueCount = rowsOf(due.data).filter((key) => !key.rotatedTo).length;
  const needs = [...approvalNeeds(asked.data ?? []), ...flagNeeds(flags.data ?? [])];
  for (const key of rows.filter(expiresSoon)) {
    const when = formatRelative(key.expiresAt ?? "");
    needs.push({
      id: key.id,
      tone: "red",
      word: "Expiry",
      text: `${key.name} expires ${when}`,
      to: `/keys/${key.id}`,
    });
  }
  if (dueCount > 0) {
    const count = counted(dueCount, "key");
    const text = `${due.hasNextPage ? `More than ${count}` : count} older than 90 days: rotate`;
    needs.push({
      id: "due",
      tone: "amber",
      word: "Rotation",
      text,
      to: "/keys",
      search: { due: true },
    });
  }
  if (unread > 0) {
    const count = counted(unread, "unread notice");
    const text = unread < MOST_UNREAD ? count : `${count} or more`;
    needs.push({ id: "notices", tone: "blue", word: "Notices", text, to: "/notices" });
  }
  return { needs, error: null };
}

export function NeedsYou({ session }: { session: Session }) {
  const { needs, error } = useNeeds(session);
  return (
    <Section title="Needs you">
      <ErrorNotice error={error} failed="What needs you could not be looked up." />
      {needs === null && !error && <Skeleton height={48} role="status" aria-label="Loading" />}
      {needs?.length === 0 && (
        <p className={classes.fine}>
          <IconCircleCheck size={20} color="var(--status-green)" aria-hidden="true" /> Nothing waits
          for you.
        </p>
      )}
      {needs && needs.length > 0 && (
        <ul className={classes.list}>
          {needs.map((need) => (
            <li key={need.id} className={`${classes.row} ${classes.need}`}>
              <span className={classes.badge}>
                <StatusBadge tone={need.tone}>{need.word}</StatusBadge>
              </span>
              <div>
                <TextLink to={need.to} search={need.search as never} c="inherit">
                  {need.text}
                </TextLink>
                {need.more && <p className={classes.text}>{need.more}</p>}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
