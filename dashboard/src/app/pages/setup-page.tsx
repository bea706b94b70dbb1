/** First start: the one-time link makes the company and its owner, and lands on the checklist. */
import { Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { AuthFrame } from "@/components/auth-frame";
import { TextLink } from "@/components/links";
import { SetupForm } from "@/features/setup/setup-form";
import { tokenOfAddress } from "@/lib/fragment";
import { beginSession } from "@/lib/session";

export function SetupPage() {
  const [token] = useState(tokenOfAddress);
  const queries = useQueryClient();
  const navigate = useNavigate();
  if (!token) {
    return (
      <AuthFrame
        title="Set up"
        text="Setting up takes the one-time link that the service printed when it first started."
        foot={<TextLink to="/sign-in">Sign in instead</TextLink>}
      >
        <Text>
          Lost it, or older than an hour? Run <code>justpaid setup-link</code> on the machine and
          open what it prints.
        </Text>
      </AuthFrame>
    );
  }
  return (
    <AuthFrame
      wide
      title="Set up JustPaid Workflows"
      text="Make your company and the account that owns it. You can invite others right after."
    >
      <SetupForm
        token={token}
        onDone={(session) => {
          beginSession(queries, session);
          void navigate({ to: "/", replace: true });
        }}
      />
    </AuthFrame>
  );
}
