/** Where drafts of forms are kept, and whose they are: nobody else's may show up in them. */
const PREFIX = "justpaid.draft.";
const OWNER = "justpaid.draft-owner";

export function draftKey(name: string): string {
  return PREFIX + name;
}

/** Drops every draft of this tab. */
export function forgetDrafts(): void {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
  }
}

/** Keeps the drafts for the same member in the same company, who may come back after a session's end. */
export function claimDrafts(companyId: string, memberId: string): void {
  const owner = `${companyId} ${memberId}`;
  if (sessionStorage.getItem(OWNER) !== owner) forgetDrafts();
  sessionStorage.setItem(OWNER, owner);
}
