/** The summary above a form: every problem, each a link to its field; a refusal's text and request id. */
import { IconAlertCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { ApiError } from "@/lib/errors";
import { ErrorNotice, RequestId } from "./error-notice";
import classes from "./error-notice.module.css";

interface FormLike {
  errors: Record<string, ReactNode>;
  setErrors: (errors: Record<string, ReactNode>) => void;
  getInputNode: (path: string) => Element | null;
}

/** Moves the focus to the first field that a check refused. */
export function focusFirst(form: Pick<FormLike, "getInputNode">) {
  return (errors: Record<string, unknown>) => {
    const [field] = Object.keys(errors);
    const node = field === undefined ? null : form.getInputNode(field);
    if (node instanceof HTMLElement) node.focus();
  };
}

/** Puts a refusal's problems at their fields: "owner.email" finds "email" too, "totp" the code. */
export function showProblems(form: Pick<FormLike, "setErrors">, error: unknown): void {
  if (!(error instanceof ApiError)) return;
  const errors: Record<string, ReactNode> = {};
  for (const problem of error.details) {
    const field = problem.field.replace(/[[.].*$/, "");
    const last = problem.field.split(".").at(-1) ?? problem.field;
    errors[field] = problem.message;
    if (last !== field) errors[last] = problem.message;
    if (field === "totp") errors.code = problem.message;
  }
  if (Object.keys(errors).length > 0) form.setErrors(errors);
}

interface FormProblemsProps {
  form: FormLike;
  labels: Record<string, string>;
  error: Error | null;
  failed: string;
}

export function FormProblems({ form, labels, error, failed }: FormProblemsProps) {
  const named = Object.entries(form.errors).filter(([field]) => labels[field]);
  if (named.length === 0) return <ErrorNotice error={error} failed={failed} />;
  const focus = (field: string) => {
    const node = form.getInputNode(field);
    if (node instanceof HTMLElement) node.focus();
  };
  return (
    <div className={classes.notice} role="alert">
      <IconAlertCircle size={18} aria-hidden="true" />
      <div className={classes.body}>
        <p className={classes.title}>{failed} Look at:</p>
        <ul className={classes.list}>
          {named.map(([field, message]) => (
            <li key={field}>
              <button type="button" className={classes.link} onClick={() => focus(field)}>
                {labels[field]}
              </button>
              : {message}
            </li>
          ))}
        </ul>
        {error && <RequestId error={error} />}
      </div>
    </div>
  );
}
