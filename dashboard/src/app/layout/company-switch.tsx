/** The company in view; a menu where the person belongs to several. */
import { Menu } from "@mantine/core";
import { IconCheck, IconSelector } from "@tabler/icons-react";
import { BrandMark } from "@/components/brand";
import { notifyFailed } from "@/components/notify";
import { api, dataOf } from "@/lib/api";
import { useSession } from "@/lib/session";
import classes from "./shell.module.css";

export function CompanySwitch() {
  const session = useSession();
  const switchTo = async (companyId: string) => {
    if (companyId === session.company.id) return;
    try {
      await dataOf(api.PATCH("/api/v1/admin/session", { body: { companyId } }));
      // A fresh start: nothing of the other company may stay in view or in memory.
      window.location.assign("/");
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
