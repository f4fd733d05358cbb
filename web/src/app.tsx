// Theme, direction, routes, and who may see them: the sign-in form stands in for every page until somebody is signed in.
import { FluentProvider, makeStaticStyles, Spinner, webDarkTheme, webLightTheme } from "@fluentui/react-components";
import { QueryClientProvider } from "@tanstack/react-query";
import { useSyncExternalStore, type ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { BrowserRouter, Route, Routes, useLocation } from "react-router-dom";
import { queryClient, useMay, useSession } from "./api/queries";
import type { Right } from "./api/rights";
import { languageOf } from "./i18n";
import { AccountPage } from "./pages/account";
import { AccountsPage } from "./pages/accounts";
import { AlarmAboutPage } from "./pages/alarm-about";
import { AlarmsPage } from "./pages/alarms";
import { ApplicationPage } from "./pages/application";
import { ApplicationsPage } from "./pages/applications";
import { CheckItemPage } from "./pages/check-item";
import { ChecksPage } from "./pages/checks";
import { CasePage } from "./pages/case";
import { CasesPage } from "./pages/cases";
import { ConnectionsPage } from "./pages/connections";
import { ExceptionsPage } from "./pages/exceptions";
import { MailboxPage } from "./pages/mailbox";
import { NotFoundPage, NotYoursPage } from "./pages/not-found";
import { OverviewPage } from "./pages/overview";
import { OwnPage } from "./pages/own";
import { ScreensPage } from "./pages/screens";
import { SentPage } from "./pages/sent";
import { SettingsPage } from "./pages/settings";
import { SignInPage } from "./pages/sign-in";
import { TemplatesPage } from "./pages/templates";
import { UsersPage } from "./pages/users";
import { WelcomePage } from "./pages/welcome";
import { Refusal } from "./parts/refusal";
import { Shell } from "./shell/shell";

const useGlobalStyles = makeStaticStyles({ "html, body, #root": { margin: 0, height: "100%" }, "*": { boxSizing: "border-box" } });

const dark = matchMedia("(prefers-color-scheme: dark)");

function useDark(): boolean {
  return useSyncExternalStore(
    (changed) => {
      dark.addEventListener("change", changed);
      return () => dark.removeEventListener("change", changed);
    },
    () => dark.matches,
  );
}

function For({ right, page }: { right: Right; page: ReactElement }) {
  return useMay(right) ? page : <NotYoursPage />;
}

function Pages() {
  const { t } = useTranslation();
  const session = useSession();
  const welcomed = useLocation().pathname === "/welcome";
  if (welcomed) return <WelcomePage />;
  if (session.isPending) return <Spinner label={t("common.loading")} />;
  if (session.isError) return <Refusal error={session.error} />;
  if (session.data === null) return <SignInPage />;
  return (
    <Shell session={session.data}>
      <Routes>
        <Route path="/" element={<OverviewPage />} />
        <Route path="/cases" element={<CasesPage />} />
        <Route path="/cases/:number" element={<CasePage />} />
        <Route path="/accounts" element={<For right="accounts:read" page={<AccountsPage />} />} />
        <Route path="/accounts/:name" element={<For right="accounts:read" page={<AccountPage />} />} />
        <Route path="/applications" element={<For right="system:read" page={<ApplicationsPage />} />} />
        <Route path="/applications/:name" element={<For right="system:read" page={<ApplicationPage />} />} />
        <Route path="/mailboxes/:address" element={<MailboxPage />} />
        <Route path="/sent" element={<SentPage />} />
        <Route path="/alarms" element={<For right="accounts:read" page={<AlarmsPage />} />} />
        <Route path="/alarms/about/:cause" element={<AlarmAboutPage />} />
        <Route path="/checks" element={<For right="accounts:read" page={<ChecksPage />} />} />
        <Route path="/connections" element={<For right="system:read" page={<ConnectionsPage />} />} />
        <Route path="/checks/:item" element={<For right="accounts:read" page={<CheckItemPage />} />} />
        <Route path="/exceptions" element={<For right="accounts:read" page={<ExceptionsPage />} />} />
        <Route path="/screens" element={<For right="accounts:read" page={<ScreensPage />} />} />
        <Route path="/screens/:department" element={<For right="accounts:read" page={<ScreensPage />} />} />
        <Route path="/templates" element={<For right="accounts:read" page={<TemplatesPage />} />} />
        <Route path="/templates/:department" element={<For right="accounts:read" page={<TemplatesPage />} />} />
        <Route path="/settings" element={<For right="system:read" page={<SettingsPage />} />} />
        <Route path="/users" element={<For right="system:read" page={<UsersPage />} />} />
        <Route path="/own" element={<OwnPage />} />
        <Route path="*" element={<NotFoundPage />} />
      </Routes>
    </Shell>
  );
}

export function App() {
  useGlobalStyles();
  const { i18n } = useTranslation();
  return (
    <FluentProvider theme={useDark() ? webDarkTheme : webLightTheme} dir={languageOf(i18n.language).dir}>
      <QueryClientProvider client={queryClient}>
        <BrowserRouter>
          <Pages />
        </BrowserRouter>
      </QueryClientProvider>
    </FluentProvider>
  );
}
