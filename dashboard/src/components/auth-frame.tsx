/** The frame of pages for people who are not signed in. */
import type { ReactNode } from "react";
import classes from "./auth-frame.module.css";
import { BrandMark } from "./brand";
import { useTitle } from "./page";

interface AuthFrameProps {
  title: string;
  text?: ReactNode;
  wide?: boolean;
  children: ReactNode;
  foot?: ReactNode;
}

export function AuthFrame({ title, text, wide, children, foot }: AuthFrameProps) {
  useTitle(title);
  return (
    <main className={classes.frame}>
      <div className={classes.brand}>
        <BrandMark size={28} /> JustPaid Workflows
      </div>
      <div className={`${classes.card} ${wide ? classes.wide : ""}`}>
        <h1 className={classes.title}>{title}</h1>
        <p className={classes.text}>{text}</p>
        {children}
      </div>
      {foot && <div className={classes.foot}>{foot}</div>}
    </main>
  );
}
