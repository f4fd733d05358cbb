// What surrounds every page: header, navigation, and the banner that says so when mail goes through a lab.
import { Button, Link, makeStyles, Menu, MenuItem, MenuItemRadio, MenuList, MenuPopover, MenuTrigger, mergeClasses, MessageBar, MessageBarBody, tokens } from "@fluentui/react-components";
import { AlertRegular } from "@fluentui/react-icons/svg/alert";
import { FilterRegular } from "@fluentui/react-icons/svg/filter";
import { HomeRegular } from "@fluentui/react-icons/svg/home";
import { KeyMultipleRegular } from "@fluentui/react-icons/svg/key-multiple";
import { LocalLanguageRegular } from "@fluentui/react-icons/svg/local-language";
import { MailErrorRegular } from "@fluentui/react-icons/svg/mail-error";
import { MailInboxRegular } from "@fluentui/react-icons/svg/mail-inbox";
import { NavigationRegular } from "@fluentui/react-icons/svg/navigation";
import { PeopleRegular } from "@fluentui/react-icons/svg/people";
import { PersonRegular } from "@fluentui/react-icons/svg/person";
import { PersonAccountsRegular } from "@fluentui/react-icons/svg/person-accounts";
import { PlugDisconnectedRegular } from "@fluentui/react-icons/svg/plug-disconnected";
import { SendRegular } from "@fluentui/react-icons/svg/send";
import { SettingsRegular } from "@fluentui/react-icons/svg/settings";
import { TaskListSquareLtrRegular } from "@fluentui/react-icons/svg/task-list-square-ltr";
import { TextQuoteRegular } from "@fluentui/react-icons/svg/text-quote";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { NavLink, useNavigate } from "react-router-dom";
import type { Schemas } from "../api/client";
import { useLiveness } from "../api/live";
import { useApplications, useEvents, useSignOut, useVersion } from "../api/queries";
import { may } from "../api/rights";
import { Data } from "../parts/words";
import { chooseLanguage, languageOf, languages } from "../i18n";

const narrow = "@media (max-width: 760px)";

const useStyles = makeStyles({
  shell: { display: "grid", gridTemplateColumns: "220px minmax(0, 1fr)", gridTemplateRows: "48px auto 1fr", minHeight: "100vh", backgroundColor: tokens.colorNeutralBackground2, [narrow]: { gridTemplateColumns: "minmax(0, 1fr)", gridTemplateRows: "48px auto auto 1fr" } },
  header: { "@media print": { display: "none" }, gridColumn: "1 / -1", position: "sticky", top: 0, zIndex: 2, display: "flex", alignItems: "center", gap: tokens.spacingHorizontalS, paddingInline: "16px", backgroundColor: tokens.colorBrandBackground, color: tokens.colorNeutralForegroundOnBrand },
  product: { fontSize: tokens.fontSizeBase400, fontWeight: tokens.fontWeightSemibold, marginInlineEnd: "auto", whiteSpace: "nowrap" },
  onBrand: { color: tokens.colorNeutralForegroundOnBrand, minWidth: "32px", whiteSpace: "nowrap", ":hover": { color: tokens.colorNeutralForegroundOnBrand, backgroundColor: tokens.colorBrandBackgroundHover }, ":hover:active": { color: tokens.colorNeutralForegroundOnBrand, backgroundColor: tokens.colorBrandBackgroundPressed } },
  onlyNarrow: { display: "none", [narrow]: { display: "inline-flex" } },
  connection: { fontSize: tokens.fontSizeBase200, display: "inline-flex", alignItems: "center", gap: "4px", minWidth: 0 },
  label: { [narrow]: { display: "none" } },
  banner: { gridColumn: "1 / -1", gridRow: 2 },
  nav: { "@media print": { display: "none" }, gridRow: 3, padding: "12px 8px", borderInlineEndWidth: "1px", borderInlineEndStyle: "solid", borderInlineEndColor: tokens.colorNeutralStroke2, backgroundColor: tokens.colorNeutralBackground3, [narrow]: { display: "none" } },
  navOpen: { [narrow]: { display: "block", borderInlineEndStyle: "none", borderBottom: `1px solid ${tokens.colorNeutralStroke2}` } },
  list: { listStyleType: "none", margin: 0, padding: 0, position: "sticky", top: "60px", display: "flex", flexDirection: "column", gap: "2px" },
  link: { display: "flex", alignItems: "center", gap: "10px", padding: "8px 12px", borderRadius: tokens.borderRadiusMedium, color: tokens.colorNeutralForeground1, textDecorationLine: "none", fontSize: tokens.fontSizeBase300, borderInlineStartWidth: "3px", borderInlineStartStyle: "solid", borderInlineStartColor: "transparent", ":hover": { backgroundColor: tokens.colorNeutralBackground3Hover }, ":focus-visible": { outline: `2px solid ${tokens.colorStrokeFocus2}` } },
  current: { backgroundColor: tokens.colorNeutralBackground1, fontWeight: tokens.fontWeightSemibold, borderInlineStartColor: tokens.colorBrandStroke1 },
  icon: { display: "inline-flex", fontSize: "20px" },
  // In its own cell also where no banner takes the row above.
  main: { gridRow: 3, gridColumn: 2, minWidth: 0, outlineStyle: "none", "@media print": { gridColumn: "1 / -1" }, [narrow]: { gridRow: 4, gridColumn: 1 } },
  skip: { position: "absolute", insetInlineStart: "8px", top: "-48px", zIndex: 3, padding: "8px 12px", backgroundColor: tokens.colorNeutralBackground1, color: tokens.colorBrandForegroundLink, ":focus": { top: "4px" } },
});

const places = [
  { to: "/", word: "nav.overview", Icon: HomeRegular, right: "cases:read" },
  { to: "/cases", word: "nav.cases", Icon: MailInboxRegular, right: "cases:read" },
  { to: "/accounts", word: "nav.accounts", Icon: PersonAccountsRegular, right: "accounts:read" },
  { to: "/sent", word: "nav.sent", Icon: SendRegular, right: "cases:read" },
  { to: "/alarms", word: "nav.alarms", Icon: AlertRegular, right: "accounts:read" },
  { to: "/checks", word: "nav.checks", Icon: TaskListSquareLtrRegular, right: "accounts:read" },
  { to: "/exceptions", word: "nav.exceptions", Icon: MailErrorRegular, right: "accounts:read" },
  { to: "/screens", word: "nav.screens", Icon: FilterRegular, right: "accounts:read" },
  { to: "/templates", word: "nav.templates", Icon: TextQuoteRegular, right: "accounts:read" },
  { to: "/applications", word: "nav.applications", Icon: KeyMultipleRegular, right: "system:read" },
  { to: "/users", word: "nav.users", Icon: PeopleRegular, right: "system:read" },
  { to: "/settings", word: "nav.settings", Icon: SettingsRegular, right: "system:read" },
] as const;

export function LanguageMenu({ className }: { className?: string }) {
  const { t, i18n } = useTranslation();
  const styles = useStyles();
  const current = languageOf(i18n.language);
  return (
    <Menu checkedValues={{ language: [current.code] }} onCheckedValueChange={(_, data) => data.checkedItems[0] && chooseLanguage(data.checkedItems[0])}>
      <MenuTrigger disableButtonEnhancement>
        <Button appearance="subtle" className={className ?? ""} icon={<LocalLanguageRegular />} aria-label={`${t("shell.language")}: ${current.name}`}>
          <span className={styles.label}>{current.name}</span>
        </Button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {languages.map((each) => (
            <MenuItemRadio key={each.code} name="language" value={each.code} lang={each.code}>
              {each.name}
            </MenuItemRadio>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

const onThisMachine = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(?=\/|$)/;

/** With the way to where all that can go wrong is made to, for those who may know the lab's address. */
export function LabBanner() {
  const { t } = useTranslation();
  const styles = useStyles();
  const applications = useApplications().data;
  if (!useVersion().data?.lab) return null;
  const switchboard = applications?.map((each) => onThisMachine.exec(each.authority)?.[0]).find((each) => each !== undefined);
  return (
    <MessageBar className={styles.banner} intent="warning" layout="multiline" shape="square" role="region" aria-label={t("shell.labTitle")}>
      <MessageBarBody>
        {t("shell.lab")}{" "}
        {switchboard && (
          <Link href={`${switchboard}/`} target="_blank" rel="noopener">
            {t("shell.labOpen")}
          </Link>
        )}
      </MessageBarBody>
    </MessageBar>
  );
}

/** A word, and only while pages don't follow what happens by themselves. */
function Connection() {
  const { t } = useTranslation();
  const styles = useStyles();
  const lost = useLiveness() === "lost";
  return (
    <span role="status" className={styles.connection} title={lost ? t("live.lostHelp") : undefined}>
      {lost && (
        <>
          <PlugDisconnectedRegular aria-hidden="true" /> {t("live.lost")}
        </>
      )}
    </span>
  );
}

export function Shell({ session, children }: { session: Schemas["Session"]; children: ReactNode }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [navOpen, setNavOpen] = useState(false);
  const signOut = useSignOut();
  const navigate = useNavigate();
  useEvents();
  return (
    <div className={styles.shell}>
      <header className={styles.header}>
        <a className={styles.skip} href="#main">
          {t("shell.skip")}
        </a>
        <Button appearance="subtle" className={mergeClasses(styles.onBrand, styles.onlyNarrow)} icon={<NavigationRegular />} aria-label={t("shell.navigation")} aria-expanded={navOpen} onClick={() => setNavOpen(!navOpen)} />
        <span className={styles.product}>Postroom</span>
        <Connection />
        <LanguageMenu className={styles.onBrand} />
        <Menu>
          <MenuTrigger disableButtonEnhancement>
            <Button appearance="subtle" className={styles.onBrand} icon={<PersonRegular />} aria-label={t("shell.user", { name: session.name })}>
              <span className={styles.label}>
                <Data>{session.name}</Data>
              </span>
            </Button>
          </MenuTrigger>
          <MenuPopover>
            <MenuList>
              <MenuItem disabled>{t(`role.${session.role}`)}</MenuItem>
              <MenuItem onClick={() => navigate("/own")}>{t("own.title")}</MenuItem>
              <MenuItem onClick={() => signOut.mutate()}>{t("shell.signOut")}</MenuItem>
            </MenuList>
          </MenuPopover>
        </Menu>
      </header>
      <LabBanner />
      <nav className={mergeClasses(styles.nav, navOpen && styles.navOpen)} aria-label={t("shell.navigation")}>
        <ul className={styles.list}>
          {places.filter(({ right }) => may(session, right)).map(({ to, word, Icon }) => (
            <li key={to}>
              <NavLink to={to} end={to === "/"} className={({ isActive }) => mergeClasses(styles.link, isActive && styles.current)} onClick={() => setNavOpen(false)}>
                <span className={styles.icon} aria-hidden="true">
                  <Icon />
                </span>
                {t(word)}
              </NavLink>
            </li>
          ))}
        </ul>
      </nav>
      <main id="main" className={styles.main} tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}
