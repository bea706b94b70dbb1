/** Sign-in, and the way on to where the person was going. */
import { Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { Callout } from "@/components/callout";
import { AuthFrame } from "@/components/auth-frame";
import { setupNeededQuery } from "@/features/session/api";
import { SignInForm } from "@/features/session/sign-in-form";
import { beginSession } from "@/lib/session";

export function SignInPage() {
  const { next, ended } = useSearch({ from: "/sign-in" });
  const queries = useQueryClient();
  const router = useRouter();
  const setup = useQuery(setupNeededQuery);
  return (
    <AuthFrame
      title="Sign in"
      foot={
        <Text size="sm" maw={420} ta="center">
          Locked out? Ask an owner or admin, or have the operator run{" "}
          <code>justpaid members reset-link EMAIL</code>.
        </Text>
      }
    >
      {ended && (
        <Callout tone="amber" spaced title="Your session ended">
          Sign in to go on where you were. What you typed is kept in this tab.
        </Callout>
      )}
      {setup.data?.needed && (
        <Callout tone="blue" spaced title="Not set up yet">
          Open the one-time link that the service printed when it started, or run{" "}
          <code>justpaid setup-link</code>.
        </Callout>
      )}
      <SignInForm
        onSignedIn={(session) => {
          beginSession(queries, session);
          router.history.replace(next ?? "/");
        }}
      />
    </AuthFrame>
  );
}
