/** Code to take away, with its copy button; and the same act in three languages. */
import { Tabs } from "@mantine/core";
import { CopyIcon } from "./copy-button";
import classes from "./code-block.module.css";

export function CodeBlock({ code, what }: { code: string; what: string }) {
  return (
    <div className={classes.block}>
      <pre tabIndex={0} aria-label={what}>
        <code>{code}</code>
      </pre>
      <div className={classes.copy}>
        <CopyIcon value={code} what={what} />
      </div>
    </div>
  );
}

export function CodeTabs({ samples }: { samples: { name: string; code: string }[] }) {
  return (
    <Tabs defaultValue={samples[0]?.name ?? ""} keepMounted={false}>
      <Tabs.List mb="xs">
        {samples.map((sample) => (
          <Tabs.Tab key={sample.name} value={sample.name}>
            {sample.name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {samples.map((sample) => (
        <Tabs.Panel key={sample.name} value={sample.name}>
          <CodeBlock code={sample.code} what={`${sample.name} sample`} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
