/** A list as a table: sticky header, rows by keyboard, skeleton in its own shape, "load more" by cursor. */
import { Button, Skeleton, VisuallyHidden } from "@mantine/core";
import { memo, useRef, type KeyboardEvent, type MouseEvent, type ReactNode } from "react";
import classes from "./data-table.module.css";
import { ErrorNotice } from "./error-notice";

export interface Column<T> {
  id: string;
  header: ReactNode;
  cell: (row: T) => ReactNode;
  align?: "end";
  tight?: boolean;
  /** The column that names the row: it gets room first. */
  main?: boolean;
  /** Leaves the column out on screens narrower than this. */
  hideBelow?: "sm" | "md" | "lg" | "xl";
}

interface ListState {
  isPending: boolean;
  error: Error | null;
  refetch: () => unknown;
  hasNextPage?: boolean;
  isFetchingNextPage?: boolean;
  fetchNextPage?: () => unknown;
}

interface DataTableProps<T> {
  caption: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
  state: ListState;
  empty: ReactNode;
  /** Rows open something: the first link or button in a row answers a click anywhere on it. */
  linked?: boolean;
}

const HIDE = {
  sm: classes.belowSm,
  md: classes.belowMd,
  lg: classes.belowLg,
  xl: classes.belowXl,
};
const SKELETON_ROWS = [64, 48, 72, 56, 60];
const INTERACTIVE = "a, button, input, select, textarea, label, [role=menuitem]";

function classOf<T>(column: Column<T>): string {
  const hide = column.hideBelow && HIDE[column.hideBelow];
  return [
    column.align && classes.end,
    column.tight && classes.tight,
    column.main && classes.main,
    hide,
  ]
    .filter(Boolean)
    .join(" ");
}

function openRow(event: MouseEvent<HTMLTableRowElement>): void {
  if (event.target instanceof Element && event.target.closest(INTERACTIVE)) return;
  if (window.getSelection()?.toString()) return;
  event.currentTarget.querySelector<HTMLElement>("a, button")?.click();
}

/** Moves between rows with the arrow keys or j and k, as in a list. */
function moveBetweenRows(event: KeyboardEvent<HTMLTableSectionElement>): void {
  const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof HTMLInputElement) return;
  const row = event.target instanceof Element ? event.target.closest("tr") : null;
  const next = step > 0 ? row?.nextElementSibling : row?.previousElementSibling;
  const target = next?.querySelector<HTMLElement>("a, button");
  if (!target) return;
  event.preventDefault();
  target.focus();
}

export function DataTable<T>({ state, rows, empty, ...table }: DataTableProps<T>) {
  const { isPending, error, hasNextPage, isFetchingNextPage } = state;
  if (error && rows.length === 0) {
    return <ErrorNotice error={error} onRetry={() => void state.refetch()} />;
  }
  if (!isPending && rows.length === 0) return <>{empty}</>;
  return (
    <>
      <Rows {...table} rows={rows} isPending={isPending} />
      {error && <ErrorNotice error={error} failed="The list could not be refreshed." />}
      {hasNextPage && (
        <div className={classes.more}>
          <Button
            variant="default"
            loading={isFetchingNextPage ?? false}
            onClick={() => void state.fetchNextPage?.()}
          >
            Load more
          </Button>
        </div>
      )}
      <VisuallyHidden role="status">
        {isPending ? "Loading" : `${rows.length} rows${hasNextPage ? ", more to load" : ""}`}
      </VisuallyHidden>
    </>
  );
}

type RowsProps<T> = Omit<DataTableProps<T>, "state" | "empty"> & { isPending: boolean };

function Rows<T>({ caption, columns, rows, rowKey, linked, isPending }: RowsProps<T>) {
  const frame = useRef<HTMLDivElement>(null);
  return (
    <div className={classes.frame} ref={frame} tabIndex={0} role="region" aria-label={caption}>
      <table className={`${classes.table} ${linked ? classes.linked : ""}`} aria-busy={isPending}>
        <caption>
          <VisuallyHidden>{caption}</VisuallyHidden>
        </caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.id} scope="col" className={classOf(column)}>
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody onKeyDown={moveBetweenRows}>
          {isPending
            ? SKELETON_ROWS.map((width) => (
                <SkeletonRow key={width} columns={columns} width={width} />
              ))
            : rows.map((row) => (
                <Row key={rowKey(row)} row={row} columns={columns} linked={linked} />
              ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps<T> {
  row: T;
  columns: Column<T>[];
  linked: boolean | undefined;
}

/** Drawn anew only when its own row changed: a list that reads on keeps what it shows. */
const Row = memo(function Row<T>({ row, columns, linked }: RowProps<T>) {
  return (
    <tr onClick={linked ? openRow : undefined}>
      {columns.map((column) => (
        <td key={column.id} className={classOf(column)}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
}) as <T>(props: RowProps<T>) => ReactNode;

function SkeletonRow<T>({ columns, width }: { columns: Column<T>[]; width: number }) {
  return (
    <tr>
      {columns.map((column) => (
        <td key={column.id} className={classOf(column)}>
          <Skeleton height={12} my={4} width={`${width}%`} miw={24} />
        </td>
      ))}
    </tr>
  );
}
