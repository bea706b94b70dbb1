import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { type Column, DataTable } from "@/components/data-table";
import { ApiError } from "@/lib/errors";
import { renderInApp } from "./render";

const COLUMNS: Column<string>[] = [
  { id: "name", header: "Name", cell: (row) => <button type="button">{row}</button> },
];
const STATE = { isPending: false, error: null, refetch: () => undefined };

function table(rows: string[], state: object = {}) {
  return (
    <DataTable
      caption="Names"
      columns={COLUMNS}
      rows={rows}
      rowKey={(row) => row}
      state={{ ...STATE, ...state }}
      empty={<p>Nothing yet</p>}
      linked
    />
  );
}

describe("a list", () => {
  it("moves between rows by arrow keys and by j and k", async () => {
    await renderInApp(table(["one", "two", "three"]));
    screen.getByRole("button", { name: "one" }).focus();
    await userEvent.keyboard("{ArrowDown}j");
    expect(document.activeElement?.textContent).toBe("three");
    await userEvent.keyboard("k");
    expect(document.activeElement?.textContent).toBe("two");
  });

  it("teaches when it is empty, and shows its shape while it loads", async () => {
    await renderInApp(table([]));
    expect(screen.getByText("Nothing yet")).toBeTruthy();
    await renderInApp(table([], { isPending: true }));
    expect(screen.getByRole("table").getAttribute("aria-busy")).toBe("true");
  });

  it("keeps what it showed when a refresh fails, and says that it failed", async () => {
    const error = new ApiError(503, "UNAVAILABLE", "Away.", [], "req_9");
    await renderInApp(table(["one"], { error }));
    expect(screen.getByRole("button", { name: "one" })).toBeTruthy();
    expect(screen.getByRole("alert").textContent).toContain("req_9");
  });

  it("loads more by the cursor on request", async () => {
    const fetchNextPage = vi.fn();
    await renderInApp(table(["one"], { hasNextPage: true, fetchNextPage }));
    await userEvent.click(screen.getByRole("button", { name: "Load more" }));
    expect(fetchNextPage).toHaveBeenCalledOnce();
  });
});
