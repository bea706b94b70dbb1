/** Ctrl/⌘ K: go anywhere, find a key by name or id, do the page's acts. */
import "@mantine/spotlight/styles.css";
import { Spotlight, spotlight, type SpotlightActionData } from "@mantine/spotlight";
import { useDebouncedValue } from "@mantine/hooks";
import { IconBolt, IconKey, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { foundKeysQuery } from "@/features/keys/api";
import type { Session } from "@/lib/api-types";
import { useCurrentPageActs } from "@/lib/page-acts";
import { may } from "@/lib/session";
import { visiblePlaces } from "../navigation";
import classes from "./command-palette.module.css";

const TYPING_MS = 150;

export function CommandPalette({ session, openings }: { session: Session; openings: number }) {
  const navigate = useNavigate();
  const acts = useCurrentPageActs();
  const [query, setQuery] = useState("");
  const [search] = useDebouncedValue(query.trim(), TYPING_MS);
  const isSearching = search.length > 1 && may(session, "keys");
  const found = useQuery({ ...foundKeysQuery(search), enabled: isSearching });
  useEffect(() => {
    if (openings > 0) spotlight.open();
  }, [openings]);

  const places: SpotlightActionData[] = visiblePlaces(session).map((place) => ({
    id: place.to,
    label: place.label,
    description: `g ${place.letter}`,
    leftSection: <place.icon size={18} stroke={1.6} />,
    onClick: () => void navigate({ to: place.to }),
  }));
  const pageActs: SpotlightActionData[] = acts.map((act) => ({
    id: `act ${act.label}`,
    label: act.label,
    leftSection: <IconBolt size={18} stroke={1.6} />,
    onClick: act.run,
  }));
  const keys: SpotlightActionData[] = (isSearching ? (found.data ?? []) : []).map((key) => ({
    id: key.id,
    label: key.name,
    description: `${key.hint} · ${key.status}`,
    keywords: [search, key.id],
    leftSection: <IconKey size={18} stroke={1.6} />,
    onClick: () => void navigate({ to: "/keys/$keyId", params: { keyId: key.id } }),
  }));
  const groups = [
    { group: "This page", actions: pageActs },
    { group: "API keys", actions: keys },
    { group: "Go to", actions: places },
  ].filter((entry) => entry.actions.length > 0);

  return (
    <Spotlight
      title="Command palette"
      classNames={{ header: classes.header, actionDescription: classes.description }}
      actions={groups}
      query={query}
      onQueryChange={setQuery}
      shortcut={null}
      nothingFound={found.isFetching ? "Searching…" : "Nothing found"}
      highlightQuery
      scrollable
      maxHeight={420}
      limit={30}
      transitionProps={{ duration: 100 }}
      overlayProps={{ blur: 0, backgroundOpacity: 0.4 }}
      searchProps={{
        leftSection: <IconSearch size={18} />,
        placeholder: "Go to a page, find a key by name or id, do something",
        "aria-label": "Search",
      }}
    />
  );
}
