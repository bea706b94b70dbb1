/** Router links that look like what they stand for. */
import {
  ActionIcon,
  type ActionIconProps,
  Anchor,
  type AnchorProps,
  Button,
  type ButtonProps,
} from "@mantine/core";
import { createLink, useRouter } from "@tanstack/react-router";
import { type ComponentPropsWithoutRef, forwardRef, type MouseEvent, type ReactNode } from "react";

type Native<P> = P & Omit<ComponentPropsWithoutRef<"a">, keyof P>;

export const TextLink = createLink(
  forwardRef<HTMLAnchorElement, Native<AnchorProps>>(function TextLink(props, ref) {
    return <Anchor ref={ref} {...props} />;
  }),
);

export const ButtonLink = createLink(
  forwardRef<HTMLAnchorElement, Native<ButtonProps>>(function ButtonLink(props, ref) {
    return <Button ref={ref} component="a" {...props} />;
  }),
);

export const IconLink = createLink(
  forwardRef<HTMLAnchorElement, Native<ActionIconProps>>(function IconLink(props, ref) {
    return <ActionIcon ref={ref} component="a" variant="subtle" color="gray" {...props} />;
  }),
);

interface PathLinkProps {
  /** A path of the dashboard with its query, as the service names it. */
  path: string;
  children: ReactNode;
}

/** A link to a path that is known only as text. */
export function PathLink({ path, children }: PathLinkProps) {
  const router = useRouter();
  const follow = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    router.history.push(path);
  };
  return (
    <Anchor href={path} inherit underline="always" onClick={follow}>
      {children}
    </Anchor>
  );
}
