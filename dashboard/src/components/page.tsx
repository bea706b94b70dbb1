/** The frame of every page: breadcrumb, title, one sentence at most, the primary action at the right. */
import { Skeleton } from "@mantine/core";
import { useEffect, useId, type ReactNode } from "react";
import { TextLink } from "./links";
import classes from "./page.module.css";

export interface Crumb {
  label: string;
  to: string;
}

interface PageProps {
  title: string;
  heading?: ReactNode;
  crumbs?: Crumb[];
  description?: ReactNode;
  actions?: ReactNode;
  narrow?: boolean;
  children: ReactNode;
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · JustPaid Workflows`;
  }, [title]);
}

export function Page({
  title,
  heading,
  crumbs,
  description,
  actions,
  narrow,
  children,
}: PageProps) {
  useTitle(title);
  return (
    <div className={narrow ? `${classes.page} ${classes.narrow}` : classes.page}>
      {crumbs && (
        <nav aria-label="Breadcrumb">
          <ol className={classes.crumbs}>
            {crumbs.map((crumb) => (
              <li key={crumb.to}>
                <TextLink to={crumb.to} inherit>
                  {crumb.label}
                </TextLink>{" "}
                <span aria-hidden="true">/</span>
              </li>
            ))}
          </ol>
        </nav>
      )}
      <header className={classes.head}>
        <div className={classes.titles}>
          <h1 className={classes.title}>{heading ?? title}</h1>
          {description && <p className={classes.description}>{description}</p>}
        </div>
        {actions && <div className={classes.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** The shape of a page whose code is still on its way. */
export function PagePending() {
  return (
    <div className={classes.page} role="status" aria-label="Loading">
      <Skeleton height={28} width={180} mb="xl" />
      <Skeleton height={14} width="60%" mb="sm" />
      <Skeleton height={240} />
    </div>
  );
}

interface SectionProps {
  title: string;
  text?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Section({ title, text, actions, children }: SectionProps) {
  const id = useId();
  return (
    <section className={classes.section} aria-labelledby={id}>
      <div className={classes.sectionHead}>
        <h2 id={id} className={classes.sectionTitle}>
          {title}
        </h2>
        {actions}
      </div>
      {text && <p className={classes.sectionText}>{text}</p>}
      {children}
    </section>
  );
}
