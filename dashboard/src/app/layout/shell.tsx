/** The frame around every signed-in page: rail, content, command palette, shortcuts. */
import { Burger, Drawer } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useIsFetching } from "@tanstack/react-query";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { BrandMark } from "@/components/brand";
import { tookBeginning, useSession } from "@/lib/session";
import { Offline } from "./offline";
import { Rail } from "./rail";
import { RouteAnnouncer } from "./route-announcer";
import classes from "./shell.module.css";
import { useShortcuts } from "./shortcuts";

const CommandPalette = lazy(() =>
  import("./command-palette").then((module) => ({ default: module.CommandPalette })),
);
const ShortcutHelp = lazy(() =>
  import("./shortcut-help").then((module) => ({ default: module.ShortcutHelp })),
);

/** Moves the focus to the new page's content, after a sign-in too, unless only its filters changed. */
function useFocusOnNavigation() {
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const last = useRef(path);
  useEffect(() => {
    const isNew = last.current === undefined ? tookBeginning() : last.current !== path;
    if (isNew) {
      document.getElementById("content")?.focus({ preventScroll: true });
    }
    last.current = path;
  }, [path]);
}

/** The page; busy, to assistive technology too, until what it shows first has arrived. */
function Content() {
  const isLoading = useRouterState({ select: (state) => state.isLoading });
  const awaited = useIsFetching({ predicate: (query) => query.state.data === undefined });
  return (
    <main id="content" tabIndex={-1} className={classes.main} aria-busy={isLoading || awaited > 0}>
      <Offline />
      <Outlet />
    </main>
  );
}

export function Shell() {
  const session = useSession();
  const [isDrawerOpen, drawer] = useDisclosure();
  const [paletteOpenings, setPaletteOpenings] = useState(0);
  const [isHelpOpen, help] = useDisclosure();
  const openPalette = () => {
    drawer.close();
    setPaletteOpenings((count) => count + 1);
  };
  useShortcuts(session, openPalette, help.open);
  useFocusOnNavigation();
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#content">
        Skip to content
      </a>
      <header className={classes.bar}>
        <Burger opened={isDrawerOpen} onClick={drawer.toggle} aria-label="Navigation" size="sm" />
        <BrandMark size={22} />
        <span className={classes.name}>{session.company.name}</span>
      </header>
      <aside className={classes.rail} aria-label="Navigation">
        <Rail onPalette={openPalette} onHelp={help.open} />
      </aside>
      <Drawer
        opened={isDrawerOpen}
        onClose={drawer.close}
        title="Navigation"
        size={280}
        padding="md"
      >
        <div className={classes.drawer}>
          <Rail onPalette={openPalette} onHelp={help.open} onLeave={drawer.close} />
        </div>
      </Drawer>
      <Content />
      <RouteAnnouncer />
      <Suspense>
        {paletteOpenings > 0 && <CommandPalette session={session} openings={paletteOpenings} />}
        {isHelpOpen && <ShortcutHelp session={session} onClose={help.close} />}
      </Suspense>
    </div>
  );
}
