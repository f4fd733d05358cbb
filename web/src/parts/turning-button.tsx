// A button that does the contrary of what it did once it was pressed. What does the contrary is another element, or who presses one when a
// change comes from elsewhere may press the other; who used the keyboard is on it all the same.
import { Button, type ButtonProps } from "@fluentui/react-components";
import { useRef } from "react";

/** `turn`: what tells one of the two from the other. While it is disabled it keeps the focus, too. */
export function TurningButton({ turn, disabled = false, ...props }: { turn: string } & ButtonProps) {
  const focused = useRef(false);
  const take = (element: HTMLButtonElement | HTMLAnchorElement | null) => {
    if (element && focused.current) element.focus();
  };
  return <Button {...props} key={turn} ref={take} disabledFocusable={disabled} onFocus={() => (focused.current = true)} onBlur={() => (focused.current = false)} />;
}
