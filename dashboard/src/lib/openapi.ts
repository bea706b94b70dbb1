/** Made by `npm run generate` from the service's OpenAPI document: do not edit. */

export interface paths {
    "/api/v1/admin/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List audit rows
         * @description List what was done in the company, the newest first.
         *
         *     Needs a session whose role has the permission `audit`. Spends the read budget.
         */
        get: operations["list_audit_api_v1_admin_audit_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/audit/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export the audit log
         * @description Write the chosen rows, the oldest first, and a signed head that shows a later cut.
         *
         *     Needs a session whose role has the permission `audit`. Spends the read budget.
         */
        get: operations["export_audit_api_v1_admin_audit_export_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/audit/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Verify the audit log
         * @description Recompute the chain from its first row: a changed, inserted or removed row shows.
         *
         *     Needs a session whose role has the permission `audit`. Spends the write budget.
         */
        post: operations["verify_audit_api_v1_admin_audit_verify_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/company": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the company
         * @description Show the company that the session is in.
         *
         *     Any session may ask. Spends the read budget.
         */
        get: operations["read_company_api_v1_admin_company_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change the company
         * @description Change name, time zone, currency, or what a leak report does; what is left out stays.
         *
         *     Needs a session whose role has the permission `company`. Spends the write budget.
         */
        patch: operations["update_company_api_v1_admin_company_patch"];
        trace?: never;
    };
    "/api/v1/admin/env": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List environment values
         * @description List all values that workflows read as `env.NAME`, by name. Not for secrets.
         *
         *     Needs a session whose role has the scope `workflows:read`. Spends the read budget.
         */
        get: operations["list_values_api_v1_admin_env_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/env/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set an environment value
         * @description Set a value that workflows read, within five seconds; capitals, digits and `_` name it.
         *
         *     Needs a session whose role has the permission `company`. Spends the write budget.
         */
        put: operations["set_value_api_v1_admin_env__name__put"];
        post?: never;
        /**
         * Delete an environment value
         * @description Delete a value; within five seconds workflows read null instead.
         *
         *     Needs a session whose role has the permission `company`. Spends the write budget.
         */
        delete: operations["delete_value_api_v1_admin_env__name__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/flags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List flags
         * @description List what looked unusual, the newest first, with evidence and advice.
         *
         *     Needs a session whose role has the permission `keys`. Spends the read budget.
         */
        get: operations["list_flags_api_v1_admin_flags_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/flags/{id}/acknowledge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Acknowledge a flag
         * @description Say that somebody has looked at it; a repeat keeps the first name.
         *
         *     Needs a session whose role has the permission `keys`. Spends the write budget.
         */
        post: operations["acknowledge_flag_api_v1_admin_flags__id__acknowledge_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/invites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List invites
         * @description List invites that nobody has accepted, the newest first; expired ones too.
         *
         *     Needs a session whose role has the permission `members`. Spends the read budget.
         */
        get: operations["list_invites_api_v1_admin_invites_get"];
        put?: never;
        /**
         * Invite somebody
         * @description Invite an e-mail for seven days. The link is shown once, and mailed where mail is set up.
         *
         *     Needs a session whose role has the permission `members`. Spends the write budget.
         */
        post: operations["create_invite_api_v1_admin_invites_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/invites/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Withdraw an invite
         * @description Let an invite's link work no more.
         *
         *     Needs a session whose role has the permission `members`. Spends the write budget.
         */
        delete: operations["withdraw_invite_api_v1_admin_invites__id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/invites/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Accept an invite
         * @description Join the company of an invite and begin a session.
         */
        post: operations["accept_invite_api_v1_admin_invites_accept_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List keys
         * @description List the company's keys, the newest first, with their requests of the last 30 days.
         *
         *     Needs a session whose role has the permission `keys`. Spends the read budget.
         */
        get: operations["list_keys_api_v1_admin_keys_get"];
        put?: never;
        /**
         * Create a key
         * @description Make a key and show it, this once. You own it.
         *
         *     Needs a session whose role has the permission `keys`. Spends the write budget.
         */
        post: operations["create_key_api_v1_admin_keys_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a key
         * @description Show one key, whatever its status.
         *
         *     Needs a session whose role has the permission `keys`. Spends the read budget.
         */
        get: operations["read_key_api_v1_admin_keys__id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change a key
         * @description Change a key's terms; once this answers, no request is accepted on the old ones.
         *
         *     Needs a session whose role has the permission `keys`. Spends the write budget.
         */
        patch: operations["update_key_api_v1_admin_keys__id__patch"];
        trace?: never;
    };
    "/api/v1/admin/keys/{id}/advice": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Find unused scopes
         * @description Show which scopes the key has not used for 30 days.
         *
         *     Needs a session whose role has the permission `keys`. Spends the read budget.
         */
        get: operations["read_advice_api_v1_admin_keys__id__advice_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/keys/{id}/compromised": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Revoke and replace a key
         * @description End a key that others may know and, if wanted, show another on the same terms, this once.
         *
         *     Needs a session whose role has the permission `keys`. Spends the write budget.
         */
        post: operations["replace_key_api_v1_admin_keys__id__compromised_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/keys/{id}/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Disable a key
         * @description Shut a key out until it is enabled again.
         *
         *     Needs a session whose role has the permission `keys`. Spends the write budget.
         */
        post: operations["disable_key_api_v1_admin_keys__id__disable_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/keys/{id}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Enable a key
         * @description Let a disabled key in again.
         *
         *     Needs a session whose role has the permission `keys`. Spends the write budget.
         */
        post: operations["enable_key_api_v1_admin_keys__id__enable_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/keys/{id}/pair": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch a rotation
         * @description Show a key and its successor: who still uses the old one, and whether it may be revoked.
         *
         *     Needs a session whose role has the permission `keys`. Spends the read budget.
         */
        get: operations["read_pair_api_v1_admin_keys__id__pair_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/keys/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Revoke a key
         * @description End a key for good: once this answers, no process accepts it. A repeat changes nothing.
         *
         *     A key used in the last hour is revoked only with its name in `confirm`; without it, the answer
         *     says how much it was used.
         *
         *     Needs a session whose role has the permission `keys`. Spends the write budget.
         */
        post: operations["revoke_key_api_v1_admin_keys__id__revoke_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/keys/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rotate a key
         * @description Make a successor on the same terms and show it, this once; the old key stays valid.
         *
         *     Needs a session whose role has the permission `keys`. Spends the write budget.
         */
        post: operations["rotate_key_api_v1_admin_keys__id__rotate_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/keys/{id}/trim": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take scopes away
         * @description Take scopes away from a key; at least one has to stay.
         *
         *     Needs a session whose role has the permission `keys`. Spends the write budget.
         */
        post: operations["trim_key_api_v1_admin_keys__id__trim_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/keys/{id}/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a key's usage
         * @description Show one key's requests by hour or day, and what is left of its budgets now.
         *
         *     Needs a session whose role has the permission `keys`. Spends the read budget.
         */
        get: operations["show_key_usage_api_v1_admin_keys__id__usage_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/leaks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List leak reports
         * @description List reports about the company's keys, the newest first.
         *
         *     Needs a session whose role has the permission `keys`. Spends the read budget.
         */
        get: operations["list_leaks_api_v1_admin_leaks_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/leaks/{id}/resolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resolve a leak report
         * @description Revoke the key, or clear the report: the key stays as it is.
         *
         *     Needs a session whose role has the permission `keys`. Spends the write budget.
         */
        post: operations["resolve_leak_api_v1_admin_leaks__id__resolve_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change the password
         * @description Set a new password; the person's other sessions end.
         *
         *     Any session may ask. Spends the write budget.
         */
        put: operations["change_password_api_v1_admin_me_password_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/me/totp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin the second factor
         * @description Make a secret for an authenticator; it counts once a first code has confirmed it.
         *
         *     Any session may ask. Spends the write budget.
         */
        post: operations["begin_totp_api_v1_admin_me_totp_post"];
        /**
         * Remove the second factor
         * @description Turn the second factor off; its recovery codes are void.
         *
         *     Any session may ask. Spends the write budget.
         */
        delete: operations["remove_totp_api_v1_admin_me_totp_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/me/totp/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm the second factor
         * @description Turn the second factor on, and show the recovery codes, this once.
         *
         *     Any session may ask. Spends the write budget.
         */
        post: operations["confirm_totp_api_v1_admin_me_totp_confirm_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List members
         * @description List the people of the company, the newest first.
         *
         *     Any session may ask. Spends the read budget.
         */
        get: operations["list_members_api_v1_admin_members_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/members/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove a member
         * @description Take a member out of the company; keys they own go on working under a new owner.
         *
         *     Needs a session whose role has the permission `members`. Spends the write budget.
         */
        delete: operations["remove_member_api_v1_admin_members__id__delete"];
        options?: never;
        head?: never;
        /**
         * Change a role
         * @description Give a member another role; their sessions end. The last owner stays one.
         *
         *     Needs a session whose role has the permission `members`. Spends the write budget.
         */
        patch: operations["change_role_api_v1_admin_members__id__patch"];
        trace?: never;
    };
    "/api/v1/admin/notices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List notices
         * @description List what the company was told, the newest first, and whether you have read it.
         *
         *     Any session may ask. Spends the read budget.
         */
        get: operations["list_notices_api_v1_admin_notices_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/notices/{id}/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mark a notice as read
         * @description Note that you have read it; others still find it unread.
         *
         *     Any session may ask. Spends the write budget.
         */
        post: operations["read_notice_api_v1_admin_notices__id__read_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/password-resets/redeem": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reset a password
         * @description Set a new password by a reset link; all sessions of the person end.
         */
        post: operations["redeem_reset_api_v1_admin_password_resets_redeem_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the session
         * @description Show who is signed in, in which company, and what they may do there.
         *
         *     Any session may ask. Spends the read budget.
         */
        get: operations["read_session_api_v1_admin_session_get"];
        put?: never;
        /**
         * Sign in
         * @description Begin a session; the one whose cookie was sent ends.
         */
        post: operations["sign_in_api_v1_admin_session_post"];
        /**
         * Sign out
         * @description End the session.
         *
         *     Any session may ask. Spends the write budget.
         */
        delete: operations["sign_out_api_v1_admin_session_delete"];
        options?: never;
        head?: never;
        /**
         * Switch company
         * @description Take the session to another company of the same person; its token and csrfToken change.
         *
         *     Any session may ask. Spends the write budget.
         */
        patch: operations["switch_company_api_v1_admin_session_patch"];
        trace?: never;
    };
    "/api/v1/admin/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List own sessions
         * @description List the person's own sessions, the newest first.
         *
         *     Any session may ask. Spends the read budget.
         */
        get: operations["list_sessions_api_v1_admin_sessions_get"];
        put?: never;
        post?: never;
        /**
         * End other sessions
         * @description End all of the person's sessions but this one.
         *
         *     Any session may ask. Spends the write budget.
         */
        delete: operations["end_others_api_v1_admin_sessions_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End one session
         * @description End one of the person's own sessions.
         *
         *     Any session may ask. Spends the write budget.
         */
        delete: operations["end_session_api_v1_admin_sessions__id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Is set-up needed
         * @description Say whether this service still waits for its first owner, and no more.
         */
        get: operations["read_setup_api_v1_admin_setup_get"];
        put?: never;
        /**
         * Set up
         * @description Make the owner by a set-up link, and the company where the link names none.
         */
        post: operations["set_up_api_v1_admin_setup_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show usage
         * @description Show requests by hour or day, route and status class, of all keys or of one.
         *
         *     Needs a session whose role has the permission `keys`. Spends the read budget.
         */
        get: operations["show_usage_api_v1_admin_usage_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/usage.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download usage
         * @description Write the buckets as a file for a spreadsheet.
         *
         *     Needs a session whose role has the permission `keys`. Spends the read budget.
         */
        get: operations["download_usage_api_v1_admin_usage_csv_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List approvals
         * @description List what the company's runs have asked people, newest first.
         *
         *     Needs the scope `runs:read`. Spends the read budget.
         */
        get: operations["list_approvals_api_v1_approvals_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{approvalId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an approval
         * @description Return one approval with what has been said so far.
         *
         *     Needs the scope `runs:read`. Spends the read budget.
         */
        get: operations["read_approval_api_v1_approvals__approvalId__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals/{approvalId}/decide": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decide an approval
         * @description Approve or reject, as one of those that the approval names.
         *
         *     The first decision stands: deciding again is answered with it. A key may decide only where the
         *     step says `allowApiKeys`, and never for a run that it or whoever made it has started.
         *
         *     A key needs the scope `workflows:execute`, a session a role with the permission `decide`. Spends the execute budget.
         */
        post: operations["decide_approval_api_v1_approvals__approvalId__decide_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * AcceptInvite
         * @description Whoever accepts: a new account, or the password (and code) of the invited e-mail's own.
         */
        AcceptInvite: {
            /**
             * Name
             * @example Anna Berg
             */
            name: string;
            /**
             * Password
             * @description At least 12 characters, and none of the common ones.
             * @example river-lamp-otter-93
             */
            password: string;
            /**
             * Recoverycode
             * @description One of the codes stored when it was set up.
             */
            recoveryCode?: string | null;
            /**
             * Token
             * @description What stands after # in the link.
             */
            token: string;
            /**
             * Totp
             * @description The authenticator's six digits.
             * @example 492039
             */
            totp?: string | null;
        };
        /**
         * Acknowledge
         * @description What a person says about a flag.
         */
        Acknowledge: {
            /** Comment */
            comment?: string | null;
        };
        /**
         * AdviceView
         * @description Scopes that the key does not seem to need.
         */
        AdviceView: {
            /**
             * Since
             * Format: date-time
             */
            since: string;
            /** Unusedscopes */
            unusedScopes: components["schemas"]["Scope"][];
        };
        /**
         * ApprovalStatus
         * @description Where an approval stands; only an open one can be decided.
         * @enum {string}
         */
        ApprovalStatus: "open" | "approved" | "rejected" | "expired" | "cancelled";
        /**
         * ApprovalView
         * @description What a run asks people.
         */
        ApprovalView: {
            /**
             * Allowapikeys
             * @example false
             */
            allowApiKeys: boolean;
            /**
             * Approvelabel
             * @example null
             */
            approveLabel: string | null;
            /**
             * Approvers
             * @description E-mail addresses or ids of members.
             * @example [
             *       "cfo@example.com"
             *     ]
             */
            approvers: string[];
            /**
             * Comment
             * @example null
             */
            comment: string | null;
            /**
             * Createdat
             * @example 2026-01-15T09:30:00.000Z
             */
            createdAt: string;
            /**
             * Decidedat
             * @example null
             */
            decidedAt: string | null;
            /**
             * Decidedby
             * @description Whose word decided it; a member or a key.
             * @example null
             */
            decidedBy: string | null;
            /**
             * Description
             * @example null
             */
            description: string | null;
            /**
             * Dueat
             * @example 2026-01-16T09:30:00.000Z
             */
            dueAt: string;
            /**
             * Id
             * @example apr_01jd9z4c1m8f0q2s4t6v8x0za2
             */
            id: string;
            /**
             * Mayapprove
             * @description Whether the caller may approve it now.
             * @example true
             */
            mayApprove: boolean;
            /**
             * Mayreject
             * @description Whether the caller may reject it now.
             * @example true
             */
            mayReject: boolean;
            /**
             * Noselfapproval
             * @description Whoever started the run cannot decide alone.
             * @example true
             */
            noSelfApproval: boolean;
            /**
             * Ontimeout
             * @description `reject` or `fail`.
             * @example reject
             */
            onTimeout: string;
            /**
             * Reason
             * @example A credit note of €1,200.00 to Globex
             */
            reason: string | null;
            /**
             * Rejectlabel
             * @example null
             */
            rejectLabel: string | null;
            /**
             * Required
             * @description How many have to approve.
             * @example 1
             */
            required: number;
            /**
             * Runid
             * @example run_01jd9z3k8pf7r9v2m4t6w8y0ab
             */
            runId: string;
            /**
             * Startedby
             * @description Who started the run: a key, a member or `system`.
             * @example key_01jd9yv2t8n4k6m0p2r4t6v8wc
             */
            startedBy: string | null;
            /**
             * Startedbykeyname
             * @description The key's name, where a key did.
             * @example Billing worker
             */
            startedByKeyName: string | null;
            /** @example open */
            status: components["schemas"]["ApprovalStatus"];
            /**
             * Steppath
             * @example release
             */
            stepPath: string;
            /**
             * Title
             * @example Release the credit note?
             */
            title: string;
            /**
             * Votes
             * @description What has been said so far.
             * @example []
             */
            votes: components["schemas"]["VoteView"][];
            /**
             * Whynot
             * @description Why the caller may not approve it; null when it may.
             * @example null
             */
            whyNot: string | null;
            /**
             * Workflowid
             * @example wf_01jd9yw5q2e6s8n0p3r5t7v9xb
             */
            workflowId: string;
            /**
             * Workflowname
             * @example Credit notes
             */
            workflowName: string | null;
        };
        /**
         * AuditRowView
         * @description Who did what to which object.
         */
        AuditRowView: {
            /**
             * Action
             * @example api_key.revoked
             */
            action: string;
            /**
             * Actor
             * @description A member, a key, `operator:<system user>`, or `system`.
             * @example mem_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            actor: string;
            /**
             * After
             * @description Without secrets.
             */
            after: unknown;
            /**
             * At
             * Format: date-time
             */
            at: string;
            /**
             * Before
             * @description Without secrets.
             */
            before: unknown;
            /**
             * Hash
             * @description Covers this row and the one before it.
             */
            hash: string;
            /**
             * Id
             * @example aud_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            id: string;
            /**
             * Ip
             * @example 192.0.2.7
             */
            ip: string | null;
            /**
             * Object
             * @example key_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            object: string;
            /** Requestid */
            requestId: string | null;
        };
        /**
         * BucketView
         * @description Requests within an hour or a day.
         */
        BucketView: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /**
             * Requests
             * @example 120
             */
            requests: number;
            /**
             * Route
             * @example GET /api/v1/workflows
             */
            route: string;
            /**
             * Statusclass
             * @example 2xx
             * @enum {string}
             */
            statusClass: "1xx" | "2xx" | "3xx" | "4xx" | "5xx";
        };
        /**
         * BudgetsView
         * @description The three budgets of a key.
         */
        BudgetsView: {
            execute: components["schemas"]["BudgetView"];
            read: components["schemas"]["BudgetView"];
            write: components["schemas"]["BudgetView"];
        };
        /**
         * BudgetView
         * @description One budget as it stands now.
         */
        BudgetView: {
            /**
             * Limit
             * @example 1000
             */
            limit: number;
            /**
             * Remaining
             * @example 998
             */
            remaining: number;
        };
        /**
         * Category
         * @description Which of a caller's three budgets a request spends.
         * @enum {string}
         */
        Category: "read" | "write" | "execute";
        /**
         * ChangePassword
         * @description The present password and the new one.
         */
        ChangePassword: {
            /**
             * Current
             * @example river-lamp-otter-93
             */
            current: string;
            /**
             * New
             * @description At least 12 characters, and none of the common ones.
             * @example river-lamp-otter-93
             */
            new: string;
        };
        /**
         * ChangeRole
         * @description A member's new role.
         */
        ChangeRole: {
            /** @example editor */
            role: components["schemas"]["Role"];
        };
        /**
         * CompanyView
         * @description A company.
         */
        CompanyView: {
            /**
             * Createdat
             * Format: date-time
             * @example 2026-11-01T08:00:00.000Z
             */
            createdAt: string;
            /**
             * Currency
             * @example EUR
             */
            currency: string;
            /**
             * Id
             * @example cmp_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            id: string;
            /** @example revoke */
            leakPolicy: components["schemas"]["LeakPolicy"];
            /**
             * Name
             * @example Acme GmbH
             */
            name: string;
            /**
             * Timezone
             * @example Europe/Berlin
             */
            timeZone: string;
        };
        /**
         * CompromisedKey
         * @description Why, and whether another key is to take its place.
         */
        CompromisedKey: {
            /**
             * Reason
             * @example left in a public repository
             */
            reason?: string | null;
            /**
             * Replace
             * @description Make another key on the same terms.
             */
            replace: boolean;
        };
        /**
         * CompromisedView
         * @description The key that ended, and the one that takes its place.
         */
        CompromisedView: {
            replacement?: components["schemas"]["KeyWithSecretView"] | null;
            revoked: components["schemas"]["KeyView"];
        };
        /**
         * ConfirmTotp
         * @description The first code of the authenticator.
         */
        ConfirmTotp: {
            /**
             * Code
             * @example 492039
             */
            code: string;
        };
        /**
         * CreateKey
         * @description What a new key may do.
         */
        CreateKey: {
            /**
             * Allowedips
             * @example [
             *       "192.0.2.0/24"
             *     ]
             */
            allowedIps?: string[];
            /** Expiresat */
            expiresAt?: string | null;
            limits?: components["schemas"]["Limits"];
            /**
             * Name
             * @example Billing service
             */
            name: string;
            /**
             * Note
             * @default
             */
            note?: string;
            /**
             * Scopes
             * @example [
             *       "workflows:read",
             *       "workflows:execute"
             *     ]
             */
            scopes: components["schemas"]["Scope"][];
        };
        /**
         * DecideRequest
         * @description What is decided.
         */
        DecideRequest: {
            /**
             * Approved
             * @description True to approve, false to reject.
             * @example true
             */
            approved: boolean;
            /**
             * Comment
             * @description Read by the steps that follow.
             * @example ok
             */
            comment?: string | null;
        };
        /**
         * Done
         * @description The act is done.
         */
        Done: {
            /**
             * Done
             * @default true
             * @constant
             */
            done?: true;
        };
        /**
         * Ended
         * @description How many sessions ended.
         */
        Ended: {
            /**
             * Ended
             * @example 2
             */
            ended: number;
        };
        /**
         * FlagKind
         * @description What is unusual about a key's use.
         * @enum {string}
         */
        FlagKind: "new_network" | "dormant_use" | "rate_spike" | "refusal_burst" | "key_in_url" | "key_in_definition" | "browser_use";
        /**
         * FlagView
         * @description Something unusual about a key's use.
         */
        FlagView: {
            /** Acknowledgedby */
            acknowledgedBy: string | null;
            /** Advice */
            advice: string;
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Comment */
            comment: string | null;
            /** Evidence */
            evidence: {
                [key: string]: unknown;
            };
            /**
             * Id
             * @example flag_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            id: string;
            /**
             * Keyid
             * @example key_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            keyId: string;
            kind: components["schemas"]["FlagKind"];
            /**
             * State
             * @enum {string}
             */
            state: "open" | "acknowledged";
        };
        /**
         * InviteView
         * @description An open invite.
         */
        InviteView: {
            /**
             * Createdat
             * Format: date-time
             * @example 2026-11-24T08:00:00.000Z
             */
            createdAt: string;
            /**
             * Email
             * @example ben@acme.test
             */
            email: string;
            /**
             * Expiresat
             * Format: date-time
             * @example 2026-12-01T08:00:00.000Z
             */
            expiresAt: string;
            /**
             * Id
             * @example inv_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            id: string;
            /** @example viewer */
            role: components["schemas"]["Role"];
        };
        /**
         * InviteWithLink
         * @description A new invite and, this once, its link.
         */
        InviteWithLink: {
            invite: components["schemas"]["InviteView"];
            /** Link */
            link: string | null;
            /** Secretalreadyshown */
            secretAlreadyShown?: true | null;
        };
        /**
         * KeysMoved
         * @description How many keys got a new owner.
         */
        KeysMoved: {
            /**
             * Keysmoved
             * @example 1
             */
            keysMoved: number;
        };
        /**
         * KeyStatus
         * @description Whether a key lets requests in; only `active` does.
         * @enum {string}
         */
        KeyStatus: "active" | "disabled" | "expired" | "revoked";
        /**
         * KeyView
         * @description A key, without its text.
         */
        KeyView: {
            /** Agedays */
            ageDays: number;
            /** Allowedips */
            allowedIps: string[];
            /**
             * Createdat
             * Format: date-time
             */
            createdAt: string;
            /**
             * Createdby
             * @example mem_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            createdBy: string;
            /** Expiresat */
            expiresAt: string | null;
            /**
             * Hint
             * @example wfk_QaG8…3GVY
             */
            hint: string;
            /**
             * Id
             * @example key_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            id: string;
            /**
             * Lastusedat
             * @description Fresh to a minute.
             */
            lastUsedAt: string | null;
            /** Lastusedip */
            lastUsedIp: string | null;
            /**
             * Limits
             * @description Where they differ from the usual ones.
             */
            limits: {
                [key: string]: number;
            };
            /**
             * Name
             * @example Billing service
             */
            name: string;
            /** Note */
            note: string;
            /**
             * Owner
             * @example mem_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            owner: string;
            /** Rotatedfrom */
            rotatedFrom: string | null;
            /** Rotatedto */
            rotatedTo: string | null;
            /**
             * Rotatedue
             * @description Whether it is 90 days old.
             */
            rotateDue: boolean;
            /** Scopes */
            scopes: components["schemas"]["Scope"][];
            status: components["schemas"]["KeyStatus"];
        };
        /**
         * KeyWithSecretView
         * @description A key and, this once, its text.
         */
        KeyWithSecretView: {
            /** Agedays */
            ageDays: number;
            /** Allowedips */
            allowedIps: string[];
            /**
             * Createdat
             * Format: date-time
             */
            createdAt: string;
            /**
             * Createdby
             * @example mem_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            createdBy: string;
            /** Expiresat */
            expiresAt: string | null;
            /**
             * Hint
             * @example wfk_QaG8…3GVY
             */
            hint: string;
            /**
             * Id
             * @example key_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            id: string;
            /**
             * Key
             * @description The key, shown this once; null in a repeated answer.
             */
            key: string | null;
            /**
             * Lastusedat
             * @description Fresh to a minute.
             */
            lastUsedAt: string | null;
            /** Lastusedip */
            lastUsedIp: string | null;
            /**
             * Limits
             * @description Where they differ from the usual ones.
             */
            limits: {
                [key: string]: number;
            };
            /**
             * Name
             * @example Billing service
             */
            name: string;
            /** Note */
            note: string;
            /**
             * Owner
             * @example mem_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            owner: string;
            /** Rotatedfrom */
            rotatedFrom: string | null;
            /** Rotatedto */
            rotatedTo: string | null;
            /**
             * Rotatedue
             * @description Whether it is 90 days old.
             */
            rotateDue: boolean;
            /** Scopes */
            scopes: components["schemas"]["Scope"][];
            /** Secretalreadyshown */
            secretAlreadyShown?: boolean | null;
            status: components["schemas"]["KeyStatus"];
        };
        /**
         * LeakAct
         * @description What was done by itself when the report came.
         * @enum {string}
         */
        LeakAct: "revoked" | "cut_to_read" | "none";
        /**
         * LeakPolicy
         * @description What a confirmed leak report does to the reported key.
         * @enum {string}
         */
        LeakPolicy: "revoke" | "read_only";
        /**
         * LeakView
         * @description A report about a key of the company.
         */
        LeakView: {
            act: components["schemas"]["LeakAct"];
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Comment */
            comment: string | null;
            /**
             * Id
             * @example leak_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            id: string;
            /**
             * Keyid
             * @example key_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            keyId: string;
            resolution: components["schemas"]["Resolution"] | null;
            /** Resolvedat */
            resolvedAt: string | null;
            /** Resolvedby */
            resolvedBy: string | null;
            /**
             * State
             * @enum {string}
             */
            state: "open" | "resolved";
            /** Url */
            url: string | null;
        };
        /**
         * Limits
         * @description Limits a minute of the key's own; what is left out is the usual limit.
         */
        Limits: {
            /** Execute */
            execute?: number | null;
            /**
             * Read
             * @example 2000
             */
            read?: number | null;
            /** Write */
            write?: number | null;
        };
        /**
         * ListedKeyView
         * @description A key in the list.
         */
        ListedKeyView: {
            /** Agedays */
            ageDays: number;
            /** Allowedips */
            allowedIps: string[];
            /**
             * Createdat
             * Format: date-time
             */
            createdAt: string;
            /**
             * Createdby
             * @example mem_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            createdBy: string;
            /** Expiresat */
            expiresAt: string | null;
            /**
             * Hint
             * @example wfk_QaG8…3GVY
             */
            hint: string;
            /**
             * Id
             * @example key_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            id: string;
            /**
             * Lastusedat
             * @description Fresh to a minute.
             */
            lastUsedAt: string | null;
            /** Lastusedip */
            lastUsedIp: string | null;
            /**
             * Limits
             * @description Where they differ from the usual ones.
             */
            limits: {
                [key: string]: number;
            };
            /**
             * Name
             * @example Billing service
             */
            name: string;
            /** Note */
            note: string;
            /**
             * Owner
             * @example mem_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            owner: string;
            /**
             * Requests30D
             * @description Requests of the last 30 days (UTC), today the last.
             */
            requests30d: number[];
            /** Rotatedfrom */
            rotatedFrom: string | null;
            /** Rotatedto */
            rotatedTo: string | null;
            /**
             * Rotatedue
             * @description Whether it is 90 days old.
             */
            rotateDue: boolean;
            /** Scopes */
            scopes: components["schemas"]["Scope"][];
            status: components["schemas"]["KeyStatus"];
        };
        /**
         * MemberView
         * @description A person in the company.
         */
        MemberView: {
            /**
             * Createdat
             * Format: date-time
             * @example 2026-11-01T08:00:00.000Z
             */
            createdAt: string;
            /**
             * Email
             * @example anna@acme.test
             */
            email: string;
            /**
             * Id
             * @example mem_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            id: string;
            /**
             * Lastseenat
             * @example 2026-11-24T09:30:00.000Z
             */
            lastSeenAt: string | null;
            /**
             * Name
             * @example Anna Berg
             */
            name: string;
            /** @example owner */
            role: components["schemas"]["Role"];
            /**
             * Totpenabled
             * @example true
             */
            totpEnabled: boolean;
        };
        /**
         * NewCompany
         * @description The company to make, or what a company without owner is to be called.
         */
        NewCompany: {
            /**
             * Currency
             * @default USD
             * @example EUR
             */
            currency?: string;
            /**
             * Name
             * @example Acme GmbH
             */
            name: string;
            /**
             * Timezone
             * @default UTC
             * @example Europe/Berlin
             */
            timeZone?: string;
        };
        /**
         * NewInvite
         * @description Who is invited, as what.
         */
        NewInvite: {
            /**
             * Email
             * @example anna@acme.test
             */
            email: string;
            /** @example editor */
            role: components["schemas"]["Role"];
        };
        /**
         * NewOwner
         * @description The owner to be: a new account, or the password (and code) of a known e-mail.
         */
        NewOwner: {
            /**
             * Email
             * @example anna@acme.test
             */
            email: string;
            /**
             * Name
             * @example Anna Berg
             */
            name: string;
            /**
             * Password
             * @description At least 12 characters, and none of the common ones.
             * @example river-lamp-otter-93
             */
            password: string;
            /**
             * Recoverycode
             * @description One of the codes stored when it was set up.
             */
            recoveryCode?: string | null;
            /**
             * Totp
             * @description The authenticator's six digits.
             * @example 492039
             */
            totp?: string | null;
        };
        /**
         * NoticeView
         * @description Something that the people of a company were told.
         */
        NoticeView: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Body */
            body: string;
            /**
             * Id
             * @example ntc_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            id: string;
            /**
             * Kind
             * @example key_expiry
             */
            kind: string;
            /**
             * Link
             * @description A path of the dashboard.
             * @example /keys
             */
            link: string | null;
            /**
             * Readat
             * @description When you marked it as read.
             */
            readAt: string | null;
            /**
             * Title
             * @example The key Billing service expires in 7 days
             */
            title: string;
        };
        /**
         * OwnCompanyView
         * @description One of the person's companies.
         */
        OwnCompanyView: {
            /**
             * Id
             * @example cmp_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            id: string;
            /**
             * Name
             * @example Acme GmbH
             */
            name: string;
            /** @example owner */
            role: components["schemas"]["Role"];
        };
        /** Page[ApprovalView] */
        Page_ApprovalView_: {
            /** Data */
            data: components["schemas"]["ApprovalView"][];
            meta: components["schemas"]["PageMeta"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Page[AuditRowView] */
        Page_AuditRowView_: {
            /** Data */
            data: components["schemas"]["AuditRowView"][];
            meta: components["schemas"]["PageMeta"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Page[FlagView] */
        Page_FlagView_: {
            /** Data */
            data: components["schemas"]["FlagView"][];
            meta: components["schemas"]["PageMeta"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Page[InviteView] */
        Page_InviteView_: {
            /** Data */
            data: components["schemas"]["InviteView"][];
            meta: components["schemas"]["PageMeta"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Page[LeakView] */
        Page_LeakView_: {
            /** Data */
            data: components["schemas"]["LeakView"][];
            meta: components["schemas"]["PageMeta"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Page[ListedKeyView] */
        Page_ListedKeyView_: {
            /** Data */
            data: components["schemas"]["ListedKeyView"][];
            meta: components["schemas"]["PageMeta"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Page[MemberView] */
        Page_MemberView_: {
            /** Data */
            data: components["schemas"]["MemberView"][];
            meta: components["schemas"]["PageMeta"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Page[NoticeView] */
        Page_NoticeView_: {
            /** Data */
            data: components["schemas"]["NoticeView"][];
            meta: components["schemas"]["PageMeta"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Page[SessionRowView] */
        Page_SessionRowView_: {
            /** Data */
            data: components["schemas"]["SessionRowView"][];
            meta: components["schemas"]["PageMeta"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Page[ValueView] */
        Page_ValueView_: {
            /** Data */
            data: components["schemas"]["ValueView"][];
            meta: components["schemas"]["PageMeta"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /**
         * PageMeta
         * @description Where a list goes on.
         */
        PageMeta: {
            /**
             * Cursor
             * @description Send it to get the next page.
             * @example null
             */
            cursor: string | null;
            /**
             * Hasmore
             * @example false
             */
            hasMore: boolean;
        };
        /**
         * PairView
         * @description How far a rotation has come.
         */
        PairView: {
            /** Oldtraffic */
            oldTraffic: components["schemas"]["TrafficView"][];
            predecessor: components["schemas"]["KeyView"];
            /**
             * Quietsince
             * @description The old key's last use; null: never used.
             */
            quietSince: string | null;
            successor: components["schemas"]["KeyView"];
            /** Successorfirstusedat */
            successorFirstUsedAt: string | null;
            verdict: components["schemas"]["Verdict-Output"];
        };
        /**
         * ProvePassword
         * @description The password, to prove that it is still the same person.
         */
        ProvePassword: {
            /**
             * Password
             * @example river-lamp-otter-93
             */
            password: string;
        };
        /**
         * RecoveryCodesView
         * @description The recovery codes; null in a repeat, since they are shown once.
         */
        RecoveryCodesView: {
            /**
             * Recoverycodes
             * @example [
             *       "mfrg-gzdf-mztw-q2lk"
             *     ]
             */
            recoveryCodes: string[] | null;
            /** Secretalreadyshown */
            secretAlreadyShown?: true | null;
        };
        /**
         * RedeemReset
         * @description A reset link and the new password.
         */
        RedeemReset: {
            /**
             * Password
             * @description At least 12 characters, and none of the common ones.
             * @example river-lamp-otter-93
             */
            password: string;
            /**
             * Token
             * @description What stands after # in the link.
             */
            token: string;
        };
        /**
         * RefusalsView
         * @description Requests that were refused.
         */
        RefusalsView: {
            /** 401 */
            401: number;
            /** 403 */
            403: number;
            /** 429 */
            429: number;
        };
        /**
         * RemoveMember
         * @description Who gets the member's keys; by default whoever removes them.
         */
        RemoveMember: {
            /** Newkeyowner */
            newKeyOwner?: string | null;
        };
        /**
         * Resolution
         * @description What a person decided.
         * @enum {string}
         */
        Resolution: "revoke" | "clear";
        /**
         * ResolveLeak
         * @description What a person decided.
         */
        ResolveLeak: {
            act: components["schemas"]["Resolution"];
            /**
             * Comment
             * @example It was a test repository.
             */
            comment: string;
        };
        /**
         * RevokeKey
         * @description Why, and the key's name where it was used in the last hour.
         */
        RevokeKey: {
            /**
             * Confirm
             * @description The key's name.
             */
            confirm?: string | null;
            /**
             * Reason
             * @example left in a public repository
             */
            reason?: string | null;
        };
        /**
         * Role
         * @description A membership's role, the mightiest first.
         * @enum {string}
         */
        Role: "owner" | "admin" | "editor" | "approver" | "viewer";
        /**
         * RotatedView
         * @description The two keys of a rotation; both are valid.
         */
        RotatedView: {
            predecessor: components["schemas"]["KeyView"];
            successor: components["schemas"]["KeyWithSecretView"];
        };
        /**
         * RotateKey
         * @description When the successor ends; revoking the old key by itself is not offered.
         */
        RotateKey: {
            /** Autorevokeafterquiethours */
            autoRevokeAfterQuietHours?: null;
            /** Expiresat */
            expiresAt?: string | null;
        };
        /**
         * Scope
         * @description What a caller may do.
         * @enum {string}
         */
        Scope: "workflows:read" | "workflows:write" | "workflows:execute" | "runs:read" | "connections:read" | "connections:write";
        /**
         * SessionRowView
         * @description A session in the person's list.
         */
        SessionRowView: {
            /**
             * Agent
             * @example Mozilla/5.0 (X11; Linux x86_64) Firefox/133.0
             */
            agent: string;
            /**
             * Createdat
             * Format: date-time
             * @example 2026-11-24T08:00:00.000Z
             */
            createdAt: string;
            /**
             * Current
             * @example true
             */
            current: boolean;
            /**
             * Id
             * @example ses_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            id: string;
            /**
             * Ip
             * @example 192.0.2.7
             */
            ip: string | null;
            /**
             * Lastseenat
             * Format: date-time
             * @example 2026-11-24T09:30:00.000Z
             */
            lastSeenAt: string;
        };
        /**
         * SessionView
         * @description Who is signed in, where, and what they may do there.
         */
        SessionView: {
            /** Companies */
            companies: components["schemas"]["OwnCompanyView"][];
            company: components["schemas"]["CompanyView"];
            /**
             * Csrftoken
             * @description For the header X-CSRF-Token.
             */
            csrfToken: string;
            /**
             * Expiresat
             * Format: date-time
             * @example 2026-12-01T09:30:00.000Z
             */
            expiresAt: string;
            /**
             * Id
             * @example ses_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            id: string;
            member: components["schemas"]["MemberView"];
            /**
             * Permissions
             * @example [
             *       "keys",
             *       "members",
             *       "workflows:read"
             *     ]
             */
            permissions: string[];
            /** @example owner */
            role: components["schemas"]["Role"];
        };
        /**
         * SetUp
         * @description What a set-up link makes.
         */
        SetUp: {
            company?: components["schemas"]["NewCompany"] | null;
            owner: components["schemas"]["NewOwner"];
            /**
             * Token
             * @description What stands after # in the link.
             */
            token: string;
        };
        /**
         * SetupState
         * @description Whether nobody owns a company here yet.
         */
        SetupState: {
            /**
             * Needed
             * @example false
             */
            needed: boolean;
        };
        /**
         * SetValue
         * @description A value that workflows read; not for secrets.
         */
        SetValue: {
            /**
             * Value
             * @description At most 4 KiB.
             * @example https://example.com
             */
            value: string;
        };
        /**
         * SignIn
         * @description Credentials; without `companyId` the oldest membership is entered.
         */
        SignIn: {
            /** Companyid */
            companyId?: string | null;
            /**
             * Email
             * @example anna@acme.test
             */
            email: string;
            /**
             * Password
             * @example river-lamp-otter-93
             */
            password: string;
            /**
             * Recoverycode
             * @description One of the codes stored when it was set up.
             */
            recoveryCode?: string | null;
            /**
             * Totp
             * @description The authenticator's six digits.
             * @example 492039
             */
            totp?: string | null;
        };
        /** Success[AdviceView] */
        Success_AdviceView_: {
            data: components["schemas"]["AdviceView"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[ApprovalView] */
        Success_ApprovalView_: {
            data: components["schemas"]["ApprovalView"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[CompanyView] */
        Success_CompanyView_: {
            data: components["schemas"]["CompanyView"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[CompromisedView] */
        Success_CompromisedView_: {
            data: components["schemas"]["CompromisedView"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[Done] */
        Success_Done_: {
            data: components["schemas"]["Done"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[Ended] */
        Success_Ended_: {
            data: components["schemas"]["Ended"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[FlagView] */
        Success_FlagView_: {
            data: components["schemas"]["FlagView"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[InviteWithLink] */
        Success_InviteWithLink_: {
            data: components["schemas"]["InviteWithLink"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[KeysMoved] */
        Success_KeysMoved_: {
            data: components["schemas"]["KeysMoved"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[KeyView] */
        Success_KeyView_: {
            data: components["schemas"]["KeyView"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[KeyWithSecretView] */
        Success_KeyWithSecretView_: {
            data: components["schemas"]["KeyWithSecretView"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[LeakView] */
        Success_LeakView_: {
            data: components["schemas"]["LeakView"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[MemberView] */
        Success_MemberView_: {
            data: components["schemas"]["MemberView"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[NoticeView] */
        Success_NoticeView_: {
            data: components["schemas"]["NoticeView"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[PairView] */
        Success_PairView_: {
            data: components["schemas"]["PairView"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[RecoveryCodesView] */
        Success_RecoveryCodesView_: {
            data: components["schemas"]["RecoveryCodesView"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[RotatedView] */
        Success_RotatedView_: {
            data: components["schemas"]["RotatedView"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[SessionView] */
        Success_SessionView_: {
            data: components["schemas"]["SessionView"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[SetupState] */
        Success_SetupState_: {
            data: components["schemas"]["SetupState"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[TotpSecretView] */
        Success_TotpSecretView_: {
            data: components["schemas"]["TotpSecretView"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[UsageView] */
        Success_UsageView_: {
            data: components["schemas"]["UsageView"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[ValueView] */
        Success_ValueView_: {
            data: components["schemas"]["ValueView"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /** Success[VerificationView] */
        Success_VerificationView_: {
            data: components["schemas"]["VerificationView"];
            /**
             * Success
             * @default true
             * @constant
             */
            success?: true;
        };
        /**
         * SwitchCompany
         * @description Another company of the same person.
         */
        SwitchCompany: {
            /** Companyid */
            companyId: string;
        };
        /**
         * SwitchKey
         * @description Why.
         */
        SwitchKey: {
            /**
             * Reason
             * @example left in a public repository
             */
            reason?: string | null;
        };
        /**
         * TotpSecretView
         * @description What goes into the authenticator; null in a repeat, since it is shown once.
         */
        TotpSecretView: {
            /**
             * Secret
             * @example JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP
             */
            secret: string | null;
            /** Secretalreadyshown */
            secretAlreadyShown?: true | null;
            /** Uri */
            uri: string | null;
        };
        /**
         * TrafficView
         * @description Requests that still come with the old key.
         */
        TrafficView: {
            /** Agent */
            agent: string | null;
            /** Ip */
            ip: string | null;
            /**
             * Lastat
             * Format: date-time
             */
            lastAt: string;
            /** Requests24H */
            requests24h: number;
            /**
             * Route
             * @example GET /api/v1/workflows
             */
            route: string;
        };
        /**
         * TrimKey
         * @description The scopes to take away.
         */
        TrimKey: {
            /**
             * Scopes
             * @example [
             *       "workflows:read",
             *       "workflows:execute"
             *     ]
             */
            scopes: components["schemas"]["Scope"][];
        };
        /**
         * UpdateCompany
         * @description What is to change; a field left out stays as it is.
         */
        UpdateCompany: {
            /**
             * Currency
             * @example EUR
             */
            currency?: string | null;
            /** @example revoke */
            leakPolicy?: components["schemas"]["LeakPolicy"] | null;
            /**
             * Name
             * @example Acme GmbH
             */
            name?: string | null;
            /**
             * Timezone
             * @example Europe/Berlin
             */
            timeZone?: string | null;
        };
        /**
         * UpdateKey
         * @description What is to change; what is left out stays.
         */
        UpdateKey: {
            /**
             * Allowedips
             * @example [
             *       "192.0.2.0/24"
             *     ]
             */
            allowedIps?: string[];
            /**
             * Expiresat
             * @description null: never.
             */
            expiresAt?: string | null;
            limits?: components["schemas"]["Limits"];
            /**
             * Name
             * @default
             * @example Billing service
             */
            name?: string;
            /**
             * Note
             * @default
             */
            note?: string;
            /**
             * Owner
             * @default
             * @example mem_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            owner?: string;
            /**
             * Scopes
             * @example [
             *       "workflows:read",
             *       "workflows:execute"
             *     ]
             */
            scopes?: components["schemas"]["Scope"][];
        };
        /**
         * UsageView
         * @description What happened in a period.
         */
        UsageView: {
            /**
             * Addresses
             * @description Distinct addresses that called.
             * @example 3
             */
            addresses: number;
            /** Buckets */
            buckets: components["schemas"]["BucketView"][];
            /** @description Of one key; null for all together. */
            budgets: components["schemas"]["BudgetsView"] | null;
            refusals: components["schemas"]["RefusalsView"];
        };
        /**
         * ValueView
         * @description An environment value.
         */
        ValueView: {
            /**
             * Name
             * @example BILLING_URL
             */
            name: string;
            /**
             * Updatedat
             * Format: date-time
             * @example 2026-11-24T09:30:00.000Z
             */
            updatedAt: string;
            /**
             * Updatedby
             * @example mem_01jd9yv1n4c6g8k0m2q4s6v8xa
             */
            updatedBy: string;
            /**
             * Value
             * @example https://example.com
             */
            value: string;
        };
        /**
         * Verdict
         * @description What to do about the old key of a pair, in a word.
         * @enum {string}
         */
        "Verdict-Output": "unused_successor" | "still_used" | "safe_to_revoke";
        /**
         * VerificationView
         * @description What recomputing the chain found.
         */
        VerificationView: {
            /**
             * Firstbadid
             * @description The first row that does not fit.
             */
            firstBadId: string | null;
            /**
             * Head
             * @description The hash of the last of them.
             */
            head: string;
            /**
             * Rows
             * @description Rows that fit, from the first on.
             * @example 1204
             */
            rows: number;
            /** Valid */
            valid: boolean;
        };
        /**
         * VoteView
         * @description What one approver said.
         */
        VoteView: {
            /**
             * Approved
             * @example true
             */
            approved: boolean;
            /**
             * At
             * @example 2026-01-15T10:02:11.000Z
             */
            at: string;
            /**
             * By
             * @description A member or a key.
             * @example mem_01jd9yx7c3h5k7n9q1s3v5x7zd
             */
            by: string;
            /**
             * Comment
             * @example null
             */
            comment: string | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_audit_api_v1_admin_audit_get: {
        parameters: {
            query?: {
                /** @description An action, or the first word of many: `api_key`. */
                action?: string | null;
                /** @description Who acted. */
                actor?: string | null;
                /** @description The `meta.cursor` of the page before; opaque. */
                cursor?: string | null;
                from?: string | null;
                /** @description Rows of a page. */
                limit?: number;
                /** @description On what. */
                object?: string | null;
                /** @description Exclusive. */
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AuditRowView_"];
                };
            };
        };
    };
    export_audit_api_v1_admin_audit_export_get: {
        parameters: {
            query?: {
                /** @description An action, or the first word of many: `api_key`. */
                action?: string | null;
                /** @description Who acted. */
                actor?: string | null;
                format?: "jsonl" | "csv";
                from?: string | null;
                /** @description On what. */
                object?: string | null;
                /** @description Exclusive. */
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file; its last line holds the signed head of the chain. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                    "application/jsonl": string;
                    "text/csv": string;
                };
            };
        };
    };
    verify_audit_api_v1_admin_audit_verify_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat of this request harmless: for 24 hours the same key and body get the first answer again. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_VerificationView_"];
                };
            };
        };
    };
    read_company_api_v1_admin_company_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_CompanyView_"];
                };
            };
        };
    };
    update_company_api_v1_admin_company_patch: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateCompany"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_CompanyView_"];
                };
            };
        };
    };
    list_values_api_v1_admin_env_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ValueView_"];
                };
            };
        };
    };
    set_value_api_v1_admin_env__name__put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetValue"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_ValueView_"];
                };
            };
        };
    };
    delete_value_api_v1_admin_env__name__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_Done_"];
                };
            };
        };
    };
    list_flags_api_v1_admin_flags_get: {
        parameters: {
            query?: {
                /** @description The `meta.cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Only this key's. */
                keyId?: string | null;
                /** @description Only of this kind. */
                kind?: components["schemas"]["FlagKind"] | null;
                /** @description Rows of a page. */
                limit?: number;
                state?: ("open" | "acknowledged") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_FlagView_"];
                };
            };
        };
    };
    acknowledge_flag_api_v1_admin_flags__id__acknowledge_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat of this request harmless: for 24 hours the same key and body get the first answer again. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Acknowledge"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_FlagView_"];
                };
            };
        };
    };
    list_invites_api_v1_admin_invites_get: {
        parameters: {
            query?: {
                /** @description The `meta.cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Rows of a page. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_InviteView_"];
                };
            };
        };
    };
    create_invite_api_v1_admin_invites_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat of this request harmless: for 24 hours the same key and body get the first answer again. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewInvite"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_InviteWithLink_"];
                };
            };
        };
    };
    withdraw_invite_api_v1_admin_invites__id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_Done_"];
                };
            };
        };
    };
    accept_invite_api_v1_admin_invites_accept_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AcceptInvite"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_SessionView_"];
                };
            };
        };
    };
    list_keys_api_v1_admin_keys_get: {
        parameters: {
            query?: {
                /** @description The `meta.cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Only active keys of 90 days or more. */
                due?: boolean;
                /** @description Rows of a page. */
                limit?: number;
                /** @description Part of a name. */
                search?: string | null;
                /** @description Only of this status. */
                status?: components["schemas"]["KeyStatus"] | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ListedKeyView_"];
                };
            };
        };
    };
    create_key_api_v1_admin_keys_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat of this request harmless: for 24 hours the same key and body get the first answer again. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateKey"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_KeyWithSecretView_"];
                };
            };
        };
    };
    read_key_api_v1_admin_keys__id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_KeyView_"];
                };
            };
        };
    };
    update_key_api_v1_admin_keys__id__patch: {
        parameters: {
            query?: never;
            header?: {
                /** @description The revision you read, such as `"3"`. */
                "If-Match"?: string | null;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateKey"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_KeyView_"];
                };
            };
        };
    };
    read_advice_api_v1_admin_keys__id__advice_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_AdviceView_"];
                };
            };
        };
    };
    replace_key_api_v1_admin_keys__id__compromised_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat of this request harmless: for 24 hours the same key and body get the first answer again. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CompromisedKey"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_CompromisedView_"];
                };
            };
        };
    };
    disable_key_api_v1_admin_keys__id__disable_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat of this request harmless: for 24 hours the same key and body get the first answer again. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SwitchKey"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_KeyView_"];
                };
            };
        };
    };
    enable_key_api_v1_admin_keys__id__enable_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat of this request harmless: for 24 hours the same key and body get the first answer again. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SwitchKey"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_KeyView_"];
                };
            };
        };
    };
    read_pair_api_v1_admin_keys__id__pair_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_PairView_"];
                };
            };
        };
    };
    revoke_key_api_v1_admin_keys__id__revoke_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat of this request harmless: for 24 hours the same key and body get the first answer again. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RevokeKey"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_KeyView_"];
                };
            };
        };
    };
    rotate_key_api_v1_admin_keys__id__rotate_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat of this request harmless: for 24 hours the same key and body get the first answer again. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RotateKey"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_RotatedView_"];
                };
            };
        };
    };
    trim_key_api_v1_admin_keys__id__trim_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat of this request harmless: for 24 hours the same key and body get the first answer again. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TrimKey"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_KeyView_"];
                };
            };
        };
    };
    show_key_usage_api_v1_admin_keys__id__usage_get: {
        parameters: {
            query?: {
                /** @description Steps, in UTC. */
                bucket?: ("hour" | "day") | null;
                /** @description A week before `to` if left out. */
                from?: string | null;
                /** @description Such as `GET /api/v1/workflows`. */
                route?: string | null;
                statusClass?: ("1xx" | "2xx" | "3xx" | "4xx" | "5xx") | null;
                /** @description Exclusive; at most 90 days after `from`. */
                to?: string | null;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_UsageView_"];
                };
            };
        };
    };
    list_leaks_api_v1_admin_leaks_get: {
        parameters: {
            query?: {
                /** @description The `meta.cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Rows of a page. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_LeakView_"];
                };
            };
        };
    };
    resolve_leak_api_v1_admin_leaks__id__resolve_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat of this request harmless: for 24 hours the same key and body get the first answer again. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResolveLeak"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_LeakView_"];
                };
            };
        };
    };
    change_password_api_v1_admin_me_password_put: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangePassword"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_Done_"];
                };
            };
        };
    };
    begin_totp_api_v1_admin_me_totp_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat of this request harmless: for 24 hours the same key and body get the first answer again. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProvePassword"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_TotpSecretView_"];
                };
            };
        };
    };
    remove_totp_api_v1_admin_me_totp_delete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProvePassword"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_Done_"];
                };
            };
        };
    };
    confirm_totp_api_v1_admin_me_totp_confirm_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat of this request harmless: for 24 hours the same key and body get the first answer again. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConfirmTotp"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_RecoveryCodesView_"];
                };
            };
        };
    };
    list_members_api_v1_admin_members_get: {
        parameters: {
            query?: {
                /** @description The `meta.cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Rows of a page. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_MemberView_"];
                };
            };
        };
    };
    remove_member_api_v1_admin_members__id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RemoveMember"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_KeysMoved_"];
                };
            };
        };
    };
    change_role_api_v1_admin_members__id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeRole"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_MemberView_"];
                };
            };
        };
    };
    list_notices_api_v1_admin_notices_get: {
        parameters: {
            query?: {
                /** @description The `meta.cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Rows of a page. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_NoticeView_"];
                };
            };
        };
    };
    read_notice_api_v1_admin_notices__id__read_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat of this request harmless: for 24 hours the same key and body get the first answer again. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_NoticeView_"];
                };
            };
        };
    };
    redeem_reset_api_v1_admin_password_resets_redeem_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RedeemReset"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_Done_"];
                };
            };
        };
    };
    read_session_api_v1_admin_session_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_SessionView_"];
                };
            };
        };
    };
    sign_in_api_v1_admin_session_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_SessionView_"];
                };
            };
        };
    };
    sign_out_api_v1_admin_session_delete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_Done_"];
                };
            };
        };
    };
    switch_company_api_v1_admin_session_patch: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SwitchCompany"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_SessionView_"];
                };
            };
        };
    };
    list_sessions_api_v1_admin_sessions_get: {
        parameters: {
            query?: {
                /** @description The `meta.cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Rows of a page. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_SessionRowView_"];
                };
            };
        };
    };
    end_others_api_v1_admin_sessions_delete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_Ended_"];
                };
            };
        };
    };
    end_session_api_v1_admin_sessions__id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_Done_"];
                };
            };
        };
    };
    read_setup_api_v1_admin_setup_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_SetupState_"];
                };
            };
        };
    };
    set_up_api_v1_admin_setup_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetUp"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_SessionView_"];
                };
            };
        };
    };
    show_usage_api_v1_admin_usage_get: {
        parameters: {
            query?: {
                /** @description Steps, in UTC. */
                bucket?: ("hour" | "day") | null;
                /** @description A week before `to` if left out. */
                from?: string | null;
                /** @description Only this key's. */
                keyId?: string | null;
                /** @description Such as `GET /api/v1/workflows`. */
                route?: string | null;
                statusClass?: ("1xx" | "2xx" | "3xx" | "4xx" | "5xx") | null;
                /** @description Exclusive; at most 90 days after `from`. */
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_UsageView_"];
                };
            };
        };
    };
    download_usage_api_v1_admin_usage_csv_get: {
        parameters: {
            query?: {
                /** @description Steps, in UTC. */
                bucket?: ("hour" | "day") | null;
                /** @description A week before `to` if left out. */
                from?: string | null;
                /** @description Only this key's. */
                keyId?: string | null;
                /** @description Such as `GET /api/v1/workflows`. */
                route?: string | null;
                statusClass?: ("1xx" | "2xx" | "3xx" | "4xx" | "5xx") | null;
                /** @description Exclusive; at most 90 days after `from`. */
                to?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Columns at, route, statusClass, requests. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                    "text/csv": string;
                };
            };
        };
    };
    list_approvals_api_v1_approvals_get: {
        parameters: {
            query?: {
                /** @description The `meta.cursor` of the page before; opaque. */
                cursor?: string | null;
                /** @description Rows of a page. */
                limit?: number;
                /** @description Only in this state; `open` can be decided. */
                status?: components["schemas"]["ApprovalStatus"] | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ApprovalView_"];
                };
            };
        };
    };
    read_approval_api_v1_approvals__approvalId__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                approvalId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_ApprovalView_"];
                };
            };
        };
    };
    decide_approval_api_v1_approvals__approvalId__decide_post: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a repeat of this request harmless: for 24 hours the same key and body get the first answer again. */
                "Idempotency-Key"?: string;
            };
            path: {
                approvalId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DecideRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Success_ApprovalView_"];
                };
            };
        };
    };
}
