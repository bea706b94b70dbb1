/** The rotation of one key. */
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { keyQuery } from "@/features/keys/api";
import { Rotation } from "@/features/keys/rotation";

export function RotationPage() {
  const { keyId } = useParams({ from: "/signed-in/keys/$keyId/rotation" });
  const found = useQuery(keyQuery(keyId));
  if (found.error && !found.data) throw found.error;
  const old = found.data?.value;
  return (
    <Page
      narrow
      title={old ? `Rotate ${old.name}` : "Rotate a key"}
      crumbs={[
        { label: "API keys", to: "/keys" },
        { label: old?.name ?? "Key", to: `/keys/${keyId}` },
      ]}
      description="Without downtime: both keys are valid until you revoke the old one."
    >
      {old ? <Rotation old={old} /> : <Skeleton height={320} role="status" aria-label="Loading" />}
    </Page>
  );
}
