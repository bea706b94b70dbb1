/** The company's settings and environment values. */
import { Skeleton, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ErrorNotice } from "@/components/error-notice";
import { Page } from "@/components/page";
import { companyQuery } from "@/features/company/api";
import { CompanyForm } from "@/features/company/company-form";
import { EnvironmentTable } from "@/features/company/environment-table";
import { may, useSession } from "@/lib/session";

export function SettingsPage() {
  const { tab = "company" } = useSearch({ from: "/signed-in/settings" });
  const navigate = useNavigate();
  const isReadOnly = !may(useSession(), "company");
  const company = useQuery(companyQuery);
  return (
    <Page
      title="Settings"
      description={isReadOnly ? "Owners and admins can change these." : undefined}
    >
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(next) =>
          void navigate({ to: "/settings", search: { tab: next ?? undefined }, replace: true })
        }
      >
        <Tabs.List mb="lg">
          <Tabs.Tab value="company">Company</Tabs.Tab>
          <Tabs.Tab value="environment">Environment values</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="company">
          {company.error && !company.data && (
            <ErrorNotice error={company.error} onRetry={() => void company.refetch()} />
          )}
          {company.isPending && (
            <Skeleton height={280} maw={520} role="status" aria-label="Loading" />
          )}
          {company.data && <CompanyForm company={company.data} isReadOnly={isReadOnly} />}
        </Tabs.Panel>
        <Tabs.Panel value="environment">
          <EnvironmentTable isReadOnly={isReadOnly} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
