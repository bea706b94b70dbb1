/** Router links that look like what they stand for. */
import {
  ActionIcon,
  type ActionIconProps,
  Anchor,
  type AnchorProps,
  Button,
  type ButtonProps,
} from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import { type ComponentPropsWithoutRef, forwardRef } from "react";

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
