/** Theme, queries and notifications around everything. */
import {
  type MantineColorSchemeManager,
  localStorageColorSchemeManager,
  MantineProvider,
} from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { cssVariables, theme } from "./theme";

const colorScheme: MantineColorSchemeManager = localStorageColorSchemeManager({
  key: "justpaid.color-scheme",
});

export function Providers({ queries, children }: { queries: QueryClient; children: ReactNode }) {
  return (
    <QueryClientProvider client={queries}>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={cssVariables}
        defaultColorScheme="auto"
        colorSchemeManager={colorScheme}
        deduplicateInlineStyles
      >
        <Notifications position="bottom-right" limit={4} containerWidth={400} />
        {children}
      </MantineProvider>
    </QueryClientProvider>
  );
}
