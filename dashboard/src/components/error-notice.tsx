/** A failure in full: what happened, what was not changed, what to do, and the request id to quote. */
import { Button } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";
import { ApiError, nextStep } from "@/lib/errors";
import { CopyIcon } from "./copy-button";
import classes from "./error-notice.module.css";

interface ErrorNoticeProps {
  error: Error | null | undefined;
  /** What did not happen, as a sentence: "The key was not created." */
  failed?: string;
  onRetry?: () => void;
}

export function RequestId({ error }: { error: Error }) {
  if (!(error instanceof ApiError) || !error.requestId) return null;
  return (
    <p className={classes.request}>
      Request id <code>{error.requestId}</code>
      <CopyIcon value={error.requestId} what="request id" />
    </p>
  );
}

export function ErrorNotice({ error, failed, onRetry }: ErrorNoticeProps) {
  if (!error) return null;
  const advice = nextStep(error);
  const details = error instanceof ApiError ? error.details : [];
  return (
    <div className={classes.notice} role="alert">
      <IconAlertCircle size={18} aria-hidden="true" />
      <div className={classes.body}>
        <p className={classes.title}>{failed ?? "This could not be loaded."}</p>
        <p className={classes.text}>
          {error.message} {advice}
        </p>
        {details.length > 0 && (
          <ul className={classes.list}>
            {details.map((problem) => (
              <li key={`${problem.field} ${problem.message}`}>
                <code>{problem.field}</code> {problem.message}
              </li>
            ))}
          </ul>
        )}
        <RequestId error={error} />
        {onRetry && (
          <Button variant="default" size="xs" mt="xs" onClick={onRetry}>
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}
