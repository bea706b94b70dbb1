/** Where to read on: the pages that the service itself serves. */
import { Anchor } from "@mantine/core";
import { IconBook2, IconCode } from "@tabler/icons-react";
import { Section } from "@/components/page";
import classes from "./overview.module.css";

const PLACES = [
  {
    href: "/docs/authentication",
    icon: IconBook2,
    title: "API Authentication",
    text: "Keys, scopes, limits and rotation, with samples that run against this installation.",
  },
  {
    href: "/docs",
    icon: IconCode,
    title: "API reference",
    text: "Every endpoint, with its errors and headers. Calls can be tried with your session.",
  },
];

export function QuickStarts() {
  return (
    <Section title="Read on">
      <ul className={classes.list}>
        {PLACES.map(({ href, icon: Icon, title, text }) => (
          <li key={href} className={classes.row}>
            <Icon size={22} stroke={1.5} aria-hidden="true" />
            <div>
              <Anchor href={href} fw={600}>
                {title}
              </Anchor>
              <p className={classes.text}>{text}</p>
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}
