/** The audit log: filter, verify, export. */
import { Button, Menu } from "@mantine/core";
import { IconDownload, IconHistory } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { EmptyState, NoMatch } from "@/components/empty-state";
import { FilterBar, FilterChoice, FilterText } from "@/components/filters";
import { Page } from "@/components/page";
import { type AuditFilters, exportAddress } from "@/features/audit/api";
import { AuditTable } from "@/features/audit/audit-table";
import { useVerification } from "@/features/audit/verify-panel";
import { useMembers } from "@/lib/people";

const NO_FILTERS = {
  actor: undefined,
  action: undefined,
  object: undefined,
  from: undefined,
  to: undefined,
};

function ExportMenu({ filters }: { filters: AuditFilters }) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={exportAddress(filters, "jsonl")} download>
          JSON lines
        </Menu.Item>
        <Menu.Item component="a" href={exportAddress(filters, "csv")} download>
          CSV
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

export function AuditPage() {
  const { row, ...filters } = useSearch({ from: "/signed-in/audit" });
  const navigate = useNavigate();
  const members = useMembers();
  const verification = useVerification();
  const set = (change: Partial<typeof filters & { row: string | undefined }>) =>
    void navigate({ to: "/audit", search: { row, ...filters, ...change }, replace: true });
  const isFiltered = Object.values(filters).some(Boolean);
  const clear = () => set(NO_FILTERS);
  return (
    <Page
      title="Audit"
      description="Every act on keys, people and settings. Rows are chained, so a later change shows."
      actions={
        <>
          {verification.button}
          <ExportMenu filters={filters} />
        </>
      }
    >
      {verification.result}
      <FilterBar onClear={isFiltered ? clear : undefined}>
        <FilterChoice
          label="By"
          value={filters.actor}
          options={members.map((member) => ({ value: member.id, label: member.name }))}
          onChange={(actor) => set({ actor })}
        />
        <FilterText
          label="Act"
          value={filters.action}
          help="Such as api_key.revoked, or api_key for all of them"
          onChange={(action) => set({ action })}
        />
        <FilterText
          label="On"
          value={filters.object}
          help="An id, such as key_…"
          onChange={(object) => set({ object })}
        />
        <FilterText
          label="From"
          type="date"
          value={filters.from}
          onChange={(from) => set({ from })}
        />
        <FilterText label="To" type="date" value={filters.to} onChange={(to) => set({ to })} />
      </FilterBar>
      <AuditTable
        filters={filters}
        openRow={row}
        onOpen={(next) => set({ row: next })}
        empty={
          isFiltered ? (
            <NoMatch what="rows" onClear={clear} />
          ) : (
            <EmptyState icon={IconHistory} title="Nothing was done yet">
              Acts are written here in the same transaction as what they change.
            </EmptyState>
          )
        }
      />
    </Page>
  );
}
