/** The company in view; a menu where the person belongs to several. */
import { Menu } from "@mantine/core";
import { IconCheck, IconSelector } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { BrandMark } from "@/components/brand";
import { notifyFailed } from "@/components/notify";
import { api, dataOf } from "@/lib/api";
import { beginSession, useSession } from "@/lib/session";
import classes from "./shell.module.css";

export function CompanySwitch() {
  const session = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const switchTo = async (companyId: string) => {
    if (companyId === session.company.id) return;
    try {
      const next = await dataOf(api.PATCH("/api/v1/admin/session", { body: { companyId } }));
      await navigate({ to: "/" });
      beginSession(queries, next);
    } catch (error) {
      notifyFailed("The company was not switched.", error as Error);
    }
  };
  const label = (
    <>
      <BrandMark size={24} />
      <span className={classes.name}>{session.company.name}</span>
    </>
  );
  if (session.companies.length < 2) return <div className={classes.company}>{label}</div>;
  return (
    <Menu position="bottom-start" width={240}>
      <Menu.Target>
        <button type="button" className={classes.company}>
          {label}
          <IconSelector size={16} aria-label="Switch company" />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Companies</Menu.Label>
        {session.companies.map((company) => (
          <Menu.Item
            key={company.id}
            rightSection={company.id === session.company.id && <IconCheck size={16} />}
            onClick={() => void switchTo(company.id)}
          >
            {company.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
