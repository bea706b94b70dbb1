/** One's own account: sessions, password, two-step sign-in. */
import { Button } from "@mantine/core";
import { notifyDone, notifyFailed } from "@/components/notify";
import { Page, Section } from "@/components/page";
import { useEndOtherSessions } from "@/features/session/api";
import { PasswordForm } from "@/features/session/password-form";
import { SessionsTable } from "@/features/session/sessions-table";
import { TotpPanel } from "@/features/session/totp-panel";
import { counted } from "@/lib/format";
import { useSession } from "@/lib/session";

function EndOthers() {
  const end = useEndOtherSessions();
  const endAll = () =>
    end.mutate(undefined, {
      onSuccess: ({ ended }) => notifyDone(`${counted(ended, "other session")} ended.`),
      onError: (error) => notifyFailed("No session was ended.", error),
    });
  return (
    <Button variant="default" size="compact-sm" loading={end.isPending} onClick={endAll}>
      End all others
    </Button>
  );
}

export function ProfilePage() {
  const { member } = useSession();
  return (
    <Page narrow title="Your profile" description={`${member.name}, ${member.email}`}>
      <Section title="Sessions" actions={<EndOthers />}>
        <SessionsTable />
      </Section>
      <Section
        title="Two-step sign-in"
        text="A code from your phone beside the password: a stolen password alone is then worth nothing."
      >
        <TotpPanel />
      </Section>
      <Section title="Password">
        <PasswordForm />
      </Section>
    </Page>
  );
}
