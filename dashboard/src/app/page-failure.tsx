/** What stands in a page's place when it cannot be shown, is not for this role, or does not exist. */
import { Button, Group } from "@mantine/core";
import { IconLock, IconMapQuestion } from "@tabler/icons-react";
import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { EmptyState } from "@/components/empty-state";
import { ErrorNotice } from "@/components/error-notice";
import { ButtonLink } from "@/components/links";
import { Page } from "@/components/page";
import { isStatus } from "@/lib/errors";

/** The signed-in role lacks what a page needs. */
export class NotPermitted extends Error {
  constructor(permission: string) {
    super(`This page needs the permission “${permission}”, which your role does not have.`);
    this.name = "NotPermitted";
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

const home = <ButtonLink to="/">Go to the overview</ButtonLink>;

/** A page without the frame around it. */
export function Alone({ page }: { page: ReactNode }) {
  return <main>{page}</main>;
}

export function PageMissing() {
  return (
    <Page title="Not found">
      <EmptyState icon={IconMapQuestion} title="There is nothing at this address" action={home}>
        The link may be old, or what it named was in another company.
      </EmptyState>
    </Page>
  );
}

export function PageFailure({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  if (isStatus(error, 404)) return <PageMissing />;
  if (error instanceof NotPermitted) {
    return (
      <Page title="Not permitted">
        <EmptyState icon={IconLock} title="Your role does not include this" action={home}>
          {error.message} An owner or admin of the company can change your role.
        </EmptyState>
      </Page>
    );
  }
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return (
    <Page title="Something went wrong">
      <ErrorNotice error={asError(error)} failed="This page could not be shown." onRetry={retry} />
      <Group mt="md">
        <Button variant="default" onClick={() => window.location.reload()}>
          Reload the dashboard
        </Button>
      </Group>
    </Page>
  );
}
