/** Flags, each with its evidence and what to do about it. */
import { Button, Skeleton, Stack } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { ErrorNotice } from "@/components/error-notice";
import { KeyName } from "@/components/key-name";
import { TextLink } from "@/components/links";
import { StatusBadge } from "@/components/status-badge";
import { Time } from "@/components/time";
import type { Flag } from "@/lib/api-types";
import { rowsOf } from "@/lib/paged";
import { AcknowledgeDialog } from "./acknowledge-dialog";
import { type FlagFilters, flagsQuery } from "./api";
import { Evidence } from "./evidence";
import classes from "./flags.module.css";
import { kindText } from "./kinds";

export function FlagList({ filters, empty }: { filters: FlagFilters; empty: ReactNode }) {
  const query = useInfiniteQuery(flagsQuery(filters));
  const [asked, setAsked] = useState<Flag | null>(null);
  const flags = rowsOf(query.data);
  if (query.isPending) return <FlagSkeleton />;
  if (query.error && flags.length === 0) {
    return <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />;
  }
  if (flags.length === 0) return <>{empty}</>;
  return (
    <>
      <ul className={classes.list}>
        {flags.map((flag) => (
          <FlagItem key={flag.id} flag={flag} onAcknowledge={() => setAsked(flag)} />
        ))}
      </ul>
      {query.hasNextPage && (
        <Button
          variant="default"
          mt="sm"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Load more
        </Button>
      )}
      <AcknowledgeDialog flag={asked} onClose={() => setAsked(null)} />
    </>
  );
}

function FlagItem({ flag, onAcknowledge }: { flag: Flag; onAcknowledge: () => void }) {
  const isOpen = flag.state === "open";
  return (
    <li className={classes.flag}>
      <div>
        <div className={classes.head}>
          <StatusBadge tone={isOpen ? "amber" : "grey"}>
            {isOpen ? "Open" : "Acknowledged"}
          </StatusBadge>
          <h2 className={classes.title}>{kindText(flag.kind)}</h2>
          <span className={classes.meta}>
            <TextLink to="/keys/$keyId" params={{ keyId: flag.keyId }} inherit underline="always">
              <KeyName id={flag.keyId} />
            </TextLink>{" "}
            · <Time value={flag.at} />
          </span>
        </div>
        <p className={classes.text}>{flag.advice}</p>
        <Evidence evidence={flag.evidence} />
      </div>
      <div className={classes.acts}>
        {isOpen && (
          <Button variant="default" size="xs" onClick={onAcknowledge}>
            Acknowledge
          </Button>
        )}
      </div>
    </li>
  );
}

function FlagSkeleton() {
  return (
    <Stack role="status" aria-label="Loading">
      {[1, 2, 3].map((row) => (
        <Skeleton key={row} height={88} />
      ))}
    </Stack>
  );
}
