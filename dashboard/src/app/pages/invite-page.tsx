/** Where an invite link leads. */
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { AuthFrame } from "@/components/auth-frame";
import { ButtonLink } from "@/components/links";
import { AcceptInviteForm } from "@/features/members/accept-invite-form";
import { tokenOfAddress } from "@/lib/fragment";
import { beginSession } from "@/lib/session";

export function InvitePage() {
  const [token] = useState(tokenOfAddress);
  const queries = useQueryClient();
  const navigate = useNavigate();
  if (!token) {
    return (
      <AuthFrame
        title="Join a company"
        text="This address lacks the invite's token: copy the whole link."
      >
        <ButtonLink to="/sign-in" fullWidth>
          Sign in
        </ButtonLink>
      </AuthFrame>
    );
  }
  return (
    <AuthFrame
      title="Join your company"
      text="You were invited. Say who you are and choose a password."
    >
      <AcceptInviteForm
        token={token}
        onDone={(session) => {
          beginSession(queries, session);
          void navigate({ to: "/", replace: true });
        }}
      />
    </AuthFrame>
  );
}
