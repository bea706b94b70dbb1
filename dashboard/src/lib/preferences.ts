/** What a person prefers in this browser, and on what it runs. */
const SINGLE_KEYS = "justpaid.single-keys";

/** Single-key shortcuts can be turned off (WCAG 2.1.4): speech input would trigger them. */
export function areSingleKeysOn(): boolean {
  return localStorage.getItem(SINGLE_KEYS) !== "off";
}

export function setSingleKeys(isOn: boolean): void {
  localStorage.setItem(SINGLE_KEYS, isOn ? "on" : "off");
}

/** Names the key that goes with K: ⌘ on Apple's systems, Ctrl elsewhere. */
export function commandKey(): string {
  return /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";
}
