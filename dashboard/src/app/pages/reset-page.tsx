/** Where a reset link leads. */
import { useState } from "react";
import { AuthFrame } from "@/components/auth-frame";
import { ButtonLink } from "@/components/links";
import { RedeemResetForm } from "@/features/session/redeem-reset-form";
import { tokenOfAddress } from "@/lib/fragment";

export function ResetPage() {
  const [token] = useState(tokenOfAddress);
  if (!token) {
    return (
      <AuthFrame
        title="Reset your password"
        text="This address lacks its token: copy the whole link."
      >
        <ButtonLink to="/sign-in" fullWidth>
          Sign in
        </ButtonLink>
      </AuthFrame>
    );
  }
  return (
    <AuthFrame title="Set a new password" text="All your sessions end when you set it.">
      <RedeemResetForm token={token} />
    </AuthFrame>
  );
}
