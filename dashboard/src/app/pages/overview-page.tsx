/** Is everything fine? What needs a person, what happened today, and how to begin. */
import { Page } from "@/components/page";
import { may, useSession } from "@/lib/session";
import { Checklist } from "./overview/checklist";
import { NeedsYou } from "./overview/needs-you";
import { QuickStarts } from "./overview/quick-starts";
import { Today } from "./overview/today";

export function OverviewPage() {
  const session = useSession();
  const mayKeys = may(session, "keys");
  return (
    <Page title="Overview">
      {mayKeys && <Checklist session={session} />}
      <NeedsYou session={session} />
      {mayKeys && <Today />}
      <QuickStarts />
    </Page>
  );
}
