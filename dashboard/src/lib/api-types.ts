/** The admin API's things by the product's names; `npm run generate` makes what stands behind them. */
import type { components, paths } from "./openapi";

type Schemas = components["schemas"];

export type { paths };
export type Scope = Schemas["Scope"];
export type Role = Schemas["Role"];
export type Category = Schemas["Category"];
export type KeyStatus = Schemas["KeyStatus"];
export type Company = Schemas["CompanyView"];
export type CompanyChange = Schemas["UpdateCompany"];
export type EnvironmentValue = Schemas["ValueView"];
export type Member = Schemas["MemberView"];
export type Session = Schemas["SessionView"];
export type SessionRow = Schemas["SessionRowView"];
export type SecondFactor = Pick<Schemas["SignIn"], "totp" | "recoveryCode">;
export type AcceptInvite = Schemas["AcceptInvite"];
export type Invite = Schemas["InviteView"];
export type Key = Schemas["KeyView"];
export type KeyListed = Schemas["ListedKeyView"];
export type KeyWithSecret = Schemas["KeyWithSecretView"];
export type KeyDraft = Schemas["CreateKey"];
export type KeyChange = Schemas["UpdateKey"];
export type KeyPair = Schemas["PairView"];
export type Verdict = KeyPair["verdict"];
export type OldTraffic = Schemas["TrafficView"];
export type Budget = Schemas["BudgetView"];
export type Usage = Schemas["UsageView"];
export type UsageQuery = NonNullable<paths["/api/v1/admin/usage"]["get"]["parameters"]["query"]>;
export type UsageBucket = Schemas["BucketView"];
export type StatusClass = UsageBucket["statusClass"];
export type Flag = Schemas["FlagView"];
export type FlagKind = Schemas["FlagKind"];
export type FlagState = Flag["state"];
export type Leak = Schemas["LeakView"];
export type Approval = Schemas["ApprovalView"];
export type ApprovalStatus = Schemas["ApprovalStatus"];
export type Notice = Schemas["NoticeView"];
export type AuditRow = Schemas["AuditRowView"];
export type Verification = Schemas["VerificationView"];

export interface PageMeta {
  cursor: string | null;
  hasMore: boolean;
}

export interface ErrorBody {
  success: false;
  error: {
    code: string;
    message: string;
    details?: { field: string; message: string }[];
    requestId?: string;
  };
}
