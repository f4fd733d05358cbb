// The check list: what fails first, since when, whose it is and what to do; the rest folded, with counts. The filters are in the address.
import { Button, Checkbox, Field, makeStyles, MessageBar, MessageBarBody, MessageBarTitle, Select, tokens } from "@fluentui/react-components";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router-dom";
import { useCheckItems, useFindingGroups, type FindingFilter, type Outcome } from "../api/checks";
import type { Schemas } from "../api/client";
import { useAccounts, useMailboxes, useMay } from "../api/queries";
import { FindingCard, Folded, itemAddress } from "../parts/check-finding";
import { headingOf, headings } from "../parts/check-groups";
import { RunCheck, RunProgress } from "../parts/check-run";
import { Fetched, Page, Section } from "../parts/page";
import { Data, Num, outcomeMood, Said, State, Time, To } from "../parts/words";

const useStyles = makeStyles({
  filters: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalL, alignItems: "end" },
  choice: { minWidth: "160px", maxWidth: "280px" },
  counts: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalXL },
  cards: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
  list: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalS, listStyleType: "none", margin: 0, padding: 0 },
  item: { display: "flex", flexWrap: "wrap", columnGap: tokens.spacingHorizontalL, rowGap: tokens.spacingVerticalXS, alignItems: "center", justifyContent: "space-between", borderBottom: `1px solid ${tokens.colorNeutralStroke3}`, paddingBottom: tokens.spacingVerticalS },
  words: { flexGrow: 1, flexBasis: "280px", minWidth: 0 },
  faint: { color: tokens.colorNeutralForeground3 },
});

type Group = Schemas["FindingGroup"];
const outcomes: Outcome[] = ["fails", "warns", "could-not-be-told", "holds"];

const inAll = (groups: Group[], outcome: Outcome) => groups.filter((each) => each.first.outcome === outcome).reduce((sum, each) => sum + each.count, 0);

/** "1 fails, 3 hold"; empty where nothing was found. */
function useCounted() {
  const { t, i18n } = useTranslation();
  const list = new Intl.ListFormat(i18n.language, { type: "unit", style: "short" });
  return (groups: Group[]) => list.format(outcomes.filter((each) => inAll(groups, each) > 0).map((each) => t(`check.count.${each}`, { count: inAll(groups, each) })));
}

function Counts({ groups }: { groups: Group[] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <div className={styles.counts} role="status" aria-label={t("check.summary")}>
      {outcomes.map((each) => (
        <State key={each} mood={outcomeMood[each]} words={t(`check.count.${each}`, { count: inAll(groups, each) })} />
      ))}
    </div>
  );
}

function Untold({ groups }: { groups: Group[] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <ul className={styles.list}>
      {groups.map(({ first, count }) => (
        <li key={`${first.item} ${first.cause} ${first.because}`}>
          <To to={itemAddress(first.item)}><Said>{first.must}</Said></To> (<Num value={count} />){" "}
          <span className={styles.faint}>
            {first.because === "" ? <Said>{first.evidence}</Said> : <>{t("check.because")} <To to={itemAddress(first.because)}><Data>{first.because}</Data></To></>}
          </span>
        </li>
      ))}
    </ul>
  );
}

function ItemLine({ item, groups, filter }: { item: Schemas["CheckItem"]; groups: Group[]; filter: Partial<Schemas["NewCheckRun"]> }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const counted = useCounted();
  const worst = outcomes.find((each) => inAll(groups, each) > 0);
  return (
    <li className={styles.item}>
      <div className={styles.words}>
        <State mood={worst === undefined ? "busy" : outcomeMood[worst]} words={<To to={itemAddress(item.id)}><Said>{item.must}</Said></To>}>
          <span className={styles.faint}>
            <Data>{item.id}</Data>:{" "}
            {counted(groups) || t("check.notYet")}
          </span>
        </State>
      </div>
      <RunCheck wanted={{ ...filter, items: [item.id] }} label={t("check.again")} name={t("check.againOf", { item: item.id })} />
    </li>
  );
}

function All({ groups, filter }: { groups: Group[]; filter: Partial<Schemas["NewCheckRun"]> }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const items = useCheckItems();
  const counted = useCounted();
  return (
    <Fetched query={items}>
      {(all) => (
        <div className={styles.list}>
          {headings.map((heading) => {
            const its = all.filter((each) => headingOf(each) === heading);
            const found = groups.filter((group) => its.some((each) => each.id === group.first.item));
            return (
              its.length > 0 && (
                <Folded key={heading} words={<>{t(`check.heading.${heading}`)} <span className={styles.faint}>({counted(found) || t("check.notYet")})</span></>}>
                  {() => (
                    <ul className={styles.list}>
                      {its.map((each) => (
                        <ItemLine key={each.id} item={each} groups={groups.filter((group) => group.first.item === each.id)} filter={filter} />
                      ))}
                    </ul>
                  )}
                </Folded>
              )
            );
          })}
        </div>
      )}
    </Fetched>
  );
}

function Choice({ label, value, options, onChoose }: { label: string; value: string; options: string[]; onChoose: (value: string) => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <Field label={label} className={styles.choice}>
      <Select value={value} onChange={(_, data) => onChoose(data.value)}>
        <option value="">{t("common.all")}</option>
        {[...new Set(value === "" ? options : [value, ...options])].map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </Select>
    </Field>
  );
}

function Found({ groups, filter }: { groups: Group[]; filter: Partial<Schemas["NewCheckRun"]> }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const of = (outcome: Outcome) => groups.filter((each) => each.first.outcome === outcome).sort((one, other) => Date.parse(one.since) - Date.parse(other.since));
  const untold = of("could-not-be-told");
  const wrong = [...of("fails"), ...of("warns")];
  const looked = groups.map((each) => each.found).sort().at(-1);
  return (
    <>
      <Counts groups={groups} />
      {looked !== undefined && wrong.length === 0 && untold.length === 0 && (
        <MessageBar intent="success">
          <MessageBarBody>
            <MessageBarTitle>{t("check.allHold")}</MessageBarTitle> <Time at={looked} />
          </MessageBarBody>
        </MessageBar>
      )}
      {looked === undefined && (
        <MessageBar intent="info">
          <MessageBarBody>{t("check.never")}</MessageBarBody>
        </MessageBar>
      )}
      {wrong.length > 0 && (
        <Section title={t("check.wrong")}>
          <div className={styles.cards}>
            {wrong.map((each) => (
              <FindingCard key={`${each.first.item} ${each.first.outcome} ${each.first.cause}`} group={each} />
            ))}
          </div>
        </Section>
      )}
      {untold.length > 0 && (
        <Section title={t("check.untold")}>
          <Folded words={t("check.count.could-not-be-told", { count: inAll(groups, "could-not-be-told") })}>{() => <Untold groups={untold} />}</Folded>
        </Section>
      )}
      <Section title={t("check.everything")}>
        <All groups={groups} filter={filter} />
      </Section>
    </>
  );
}

export function ChecksPage() {
  const { t } = useTranslation();
  const styles = useStyles();
  const [search, setSearch] = useSearchParams();
  const [send, setSend] = useState(false);
  const server = search.get("server") ?? "";
  const account = search.get("account") ?? "";
  const mailbox = search.get("mailbox") ?? "";
  const filter: FindingFilter = { server, account, mailbox };
  const groups = useFindingGroups(filter);
  const accounts = useAccounts();
  const mailboxes = useMailboxes();
  const knows = useMay("system:read");
  const choose = (values: Record<string, string>) => {
    const next = new URLSearchParams(search);
    for (const [name, value] of Object.entries(values)) if (value === "") next.delete(name); else next.set(name, value);
    setSearch(next);
  };
  const wanted = { ...(mailbox !== "" ? { mailbox } : account !== "" ? { account } : {}), ...(server !== "" ? { on: server } : {}), ...(send ? { may_send: true } : {}) };
  return (
    <Page title={t("check.title")} actions={<RunCheck primary wanted={wanted} label={mailbox || account ? t("check.runOf", { name: mailbox || account }) : t("check.run")} />}>
      <RunProgress />
      {knows && <div><To to="/connections">{t("connection.title")}</To></div>}
      <div className={styles.filters}>
        <Choice label={t("check.server")} value={server} options={groups.data?.servers ?? []} onChoose={(value) => choose({ server: value })} />
        <Choice label={t("mailbox.account")} value={account} options={(accounts.data ?? []).map((each) => each.name)} onChoose={(value) => choose({ account: value, mailbox: "" })} />
        <Choice label={t("case.mailbox")} value={mailbox} options={(mailboxes.data ?? []).filter((each) => account === "" || each.account === account).map((each) => each.address)} onChoose={(value) => choose({ mailbox: value })} />
        {(server || account || mailbox) && <Button onClick={() => choose({ server: "", account: "", mailbox: "" })}>{t("check.showAll")}</Button>}
        <Checkbox label={t("check.send")} checked={send} onChange={(_, data) => setSend(data.checked === true)} />
      </div>
      <Fetched query={groups}>{(data) => <Found groups={data.items} filter={wanted} />}</Fetched>
    </Page>
  );
}
