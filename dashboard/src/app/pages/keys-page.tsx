/** The list of API keys. */
import { Anchor } from "@mantine/core";
import { IconKey, IconPlus } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { EmptyState, NoMatch } from "@/components/empty-state";
import { FilterBar, FilterChoice, SearchFilter } from "@/components/filters";
import { ButtonLink } from "@/components/links";
import { Page } from "@/components/page";
import { KeysTable } from "@/features/keys/keys-table";
import { words } from "@/lib/format";
import { usePageActs } from "@/lib/page-acts";
import { KEY_STATUSES } from "../search";

const STATUS_OPTIONS = KEY_STATUSES.map((value) => ({ value, label: words(value) }));
const DUE_OPTIONS = [{ value: "due", label: "Due" }];
const NO_FILTERS = { status: undefined, search: undefined, due: undefined };

const createButton = (
  <ButtonLink to="/keys/new" leftSection={<IconPlus size={16} />}>
    Create key
  </ButtonLink>
);

function KeysEmpty() {
  return (
    <EmptyState icon={IconKey} title="No API keys yet" action={createButton}>
      An application sends a key with every request. Give each application its own, with only the
      scopes it needs.
    </EmptyState>
  );
}

export function KeysPage() {
  const filters = useSearch({ from: "/signed-in/keys" });
  const navigate = useNavigate();
  const set = (change: Partial<typeof filters>) =>
    void navigate({ to: "/keys", search: { ...filters, ...change }, replace: true });
  usePageActs([
    { label: "Create API key", key: "c", run: () => void navigate({ to: "/keys/new" }) },
  ]);
  const isFiltered = Boolean(filters.status ?? filters.search ?? filters.due);
  const clear = () => set(NO_FILTERS);
  return (
    <Page
      title="API keys"
      description={
        <>
          How applications sign in to the API.{" "}
          <Anchor href="/docs/authentication" inherit underline="always">
            Read API Authentication
          </Anchor>
        </>
      }
      actions={createButton}
    >
      <FilterBar onClear={isFiltered ? clear : undefined}>
        <SearchFilter
          label="Search by name or id"
          value={filters.search}
          onChange={(search) => set({ search })}
        />
        <FilterChoice
          label="Status"
          value={filters.status}
          options={STATUS_OPTIONS}
          onChange={(status) => set({ status: KEY_STATUSES.find((one) => one === status) })}
        />
        <FilterChoice
          label="Rotation"
          value={filters.due ? "due" : undefined}
          options={DUE_OPTIONS}
          onChange={(due) => set({ due: due === "due" || undefined })}
        />
      </FilterBar>
      <KeysTable
        filters={filters}
        empty={isFiltered ? <NoMatch what="keys" onClear={clear} /> : <KeysEmpty />}
      />
    </Page>
  );
}
