/** The inbox: newest first, unread marked in word and weight. */
import { Button, Skeleton, Stack } from "@mantine/core";
import { IconInbox } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { EmptyState } from "@/components/empty-state";
import { ErrorNotice } from "@/components/error-notice";
import { PathLink } from "@/components/links";
import { notifyFailed } from "@/components/notify";
import { StatusBadge } from "@/components/status-badge";
import { Time } from "@/components/time";
import type { Notice } from "@/lib/api-types";
import { rowsOf } from "@/lib/paged";
import { noticesQuery, useReadNotice } from "./api";
import classes from "./notices.module.css";

export function NoticeList() {
  const query = useInfiniteQuery(noticesQuery);
  const read = useReadNotice();
  const notices = rowsOf(query.data);
  const readOne = (notice: Notice) =>
    read.mutate(notice.id, {
      onError: (error) => notifyFailed("The notice stays unread.", error),
    });
  if (query.isPending) return <Skeleton height={160} role="status" aria-label="Loading" />;
  if (query.error && notices.length === 0) {
    return <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />;
  }
  if (notices.length === 0) {
    return (
      <EmptyState icon={IconInbox} title="Nothing to tell you">
        Approvals that you are asked for, keys that are about to expire or due for rotation, and
        leak reports show up here.
      </EmptyState>
    );
  }
  return (
    <Stack>
      <ul className={classes.list}>
        {notices.map((notice) => (
          <NoticeItem key={notice.id} notice={notice} onRead={() => readOne(notice)} />
        ))}
      </ul>
      {query.hasNextPage && (
        <Button
          variant="default"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Load more
        </Button>
      )}
    </Stack>
  );
}

function NoticeItem({ notice, onRead }: { notice: Notice; onRead: () => void }) {
  const isUnread = !notice.readAt;
  return (
    <li className={classes.notice}>
      <div>
        <p className={isUnread ? classes.unread : classes.title}>{notice.title}</p>
        <p className={classes.text}>{notice.body}</p>
        <span className={classes.meta}>
          {isUnread && <StatusBadge tone="blue">Unread</StatusBadge>} <Time value={notice.at} />
          {notice.link?.startsWith("/") && (
            <>
              {" · "}
              <PathLink path={notice.link}>Open</PathLink>
            </>
          )}
        </span>
      </div>
      {isUnread && (
        <Button variant="default" size="compact-sm" onClick={onRead}>
          Mark as read
        </Button>
      )}
    </li>
  );
}
