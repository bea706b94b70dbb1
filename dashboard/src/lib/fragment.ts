/** The one-time token of a link: it stands after `#`, so that no server log ever sees it. */
export function tokenOfAddress(): string | null {
  const token = window.location.hash.slice(1);
  return token === "" ? null : token;
}
