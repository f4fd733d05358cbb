// Whether an account can sign in, why not, and what that means.
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { Cause } from "./cause";
import { accountMood, State } from "./words";

export function AccountState({ account }: { account: Schemas["Account"] }) {
  const { t } = useTranslation();
  const words = t(account.access !== "password" || account.state === "new" ? `account.state.${account.state}` : account.state === "ready" ? "account.hasPassword" : "account.passwordRefused");
  return (
    <State mood={accountMood[account.state]} words={words} reason={account.state_reason}>
      <Cause causes={account.causes} />
    </State>
  );
}
