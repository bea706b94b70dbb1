/** What runs ask people: what waits, and everything that was ever asked. */
import { Tabs } from "@mantine/core";
import { IconUserCheck } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { EmptyState, NoMatch } from "@/components/empty-state";
import { FilterBar, FilterChoice } from "@/components/filters";
import { Page } from "@/components/page";
import { ApprovalsTable } from "@/features/approvals/approvals-table";
import { STATUSES } from "@/features/approvals/words";
import { APPROVAL_STATUSES } from "../search";

const STATE_OPTIONS = APPROVAL_STATUSES.map((value) => ({ value, label: STATUSES[value].text }));

export function ApprovalsPage() {
  const { tab = "waiting" } = useSearch({ from: "/signed-in/approvals" });
  const navigate = useNavigate();
  return (
    <Page title="Approvals" description="What a workflow does not do before a person says so.">
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(next) =>
          void navigate({
            to: "/approvals",
            search: { tab: next === "all" ? "all" : undefined },
            replace: true,
          })
        }
      >
        <Tabs.List mb="lg">
          <Tabs.Tab value="waiting">Waiting</Tabs.Tab>
          <Tabs.Tab value="all">All</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="waiting">
          <ApprovalsTable
            status="open"
            empty={
              <EmptyState icon={IconUserCheck} title="Nothing waits for a decision">
                A workflow with an approval step stops there until the people it names have decided.
                What it asks shows up here, and in their notices and mail.
              </EmptyState>
            }
          />
        </Tabs.Panel>
        <Tabs.Panel value="all">
          <AllApprovals />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function AllApprovals() {
  const { state } = useSearch({ from: "/signed-in/approvals" });
  const navigate = useNavigate();
  const set = (next: string | undefined) =>
    void navigate({
      to: "/approvals",
      search: { tab: "all", state: APPROVAL_STATUSES.find((one) => one === next) },
      replace: true,
    });
  const clear = () => set(undefined);
  return (
    <>
      <FilterBar onClear={state ? clear : undefined}>
        <FilterChoice label="State" value={state} options={STATE_OPTIONS} onChange={set} />
      </FilterBar>
      <ApprovalsTable
        status={state}
        empty={
          state ? (
            <NoMatch what="approvals" onClear={clear} />
          ) : (
            <EmptyState icon={IconUserCheck} title="Nothing was ever asked">
              Give a workflow a step of the type “approval” that names who may decide. Every
              decision stays here, with who made it and when.
            </EmptyState>
          )
        }
      />
    </>
  );
}
