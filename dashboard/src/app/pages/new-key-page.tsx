/** Makes an API key and shows it once. */
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Page } from "@/components/page";
import { CreateKeyForm } from "@/features/keys/create-key-form";
import { KeySecretDialog } from "@/features/keys/key-secret-dialog";
import type { KeyWithSecret } from "@/lib/api-types";

export function NewKeyPage() {
  const [created, setCreated] = useState<KeyWithSecret | null>(null);
  const navigate = useNavigate();
  const leave = () => {
    const keyId = created?.id;
    setCreated(null);
    if (keyId) void navigate({ to: "/keys/$keyId", params: { keyId }, replace: true });
  };
  return (
    <Page
      narrow
      title="Create an API key"
      crumbs={[{ label: "API keys", to: "/keys" }]}
      description="It belongs to this company, and may do only what you choose here."
    >
      <CreateKeyForm onCreated={setCreated} />
      <KeySecretDialog created={created} onStored={leave} />
    </Page>
  );
}
