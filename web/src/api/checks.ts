// What the pages ask of the check list. While a run is under way they ask often: its findings come one by one.
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { call, path, type Schemas } from "./client";
import { isGone, live, seldom, soon, useInterval } from "./queries";

export type Finding = Schemas["Finding"];
export type Outcome = Finding["outcome"];
export type Run = Schemas["CheckRunProgress"];

/** Which findings; empty: all. */
export interface FindingFilter {
  item?: string;
  server?: string;
  account?: string;
  mailbox?: string;
  outcome?: Outcome;
  cause?: string;
  because?: string;
  subject_has?: string;
  limit?: string;
}

const ended = 15 * 60_000; // a run that nobody has taken by then is of servers that are gone

export const isUnderWay = (run: Run) => run.state !== "done" && Date.now() - Date.parse(run.begun) < ended;

export function useCheckRuns(): UseQueryResult<Run[]> {
  const otherwise = useInterval("check-runs", seldom);
  return useQuery({
    queryKey: ["check-runs"],
    queryFn: async () => (await call<{ items: Run[] }>("GET", path("checks", "runs"))).items,
    refetchInterval: (query) => (query.state.data?.some(isUnderWay) ? soon : otherwise),
  });
}

export const useCheckItems = () =>
  useQuery({ queryKey: ["check-items"], staleTime: live, queryFn: async () => (await call<{ items: Schemas["CheckItem"][] }>("GET", path("checks"))).items });

export const useCheckItem = (item: string) =>
  useQuery({ queryKey: ["check-items", item], staleTime: live, queryFn: () => call<Schemas["CheckItemWithCauses"]>("GET", path("checks", "items", item)) });

/** How often findings are asked for again. */
function useFindingInterval(): number {
  const otherwise = useInterval("findings", seldom);
  return useCheckRuns().data?.some(isUnderWay) ? soon : otherwise;
}

/** In the address only what says something; an empty cause or ground does. */
const searched = (filter: FindingFilter) =>
  new URLSearchParams(Object.entries(filter).filter(([name, value]) => value !== undefined && (value !== "" || name === "cause" || name === "because")) as [string, string][]);

export const useFindingGroups = (filter: FindingFilter) =>
  useQuery({
    queryKey: ["findings", "groups", filter],
    queryFn: () => call<Schemas["FindingGroups"]>("GET", `${path("findings", "groups")}?${searched(filter)}`),
    placeholderData: (before) => before,
    refetchInterval: useFindingInterval(),
  });

export const useFindings = (filter: FindingFilter) =>
  useQuery({
    queryKey: ["findings", "list", filter],
    queryFn: async () => (await call<{ items: Finding[] }>("GET", `${path("findings")}?${searched(filter)}`)).items,
    placeholderData: (before) => before,
    refetchInterval: useFindingInterval(),
  });

export const useFindingHistory = (item: string, subject: string) =>
  useQuery({
    queryKey: ["findings", "history", item, subject],
    queryFn: async () => (await call<{ items: Finding[] }>("GET", `${path("findings", item, "history")}?${new URLSearchParams({ subject })}`)).items,
    refetchInterval: useFindingInterval(),
  });

export const useServers = () =>
  useQuery({ queryKey: ["servers"], queryFn: async () => (await call<Schemas["ServerList"]>("GET", path("servers"))).items, refetchInterval: seldom });

/** Asked until it is done, or gone. */
export const useConnection = (id: string | undefined) =>
  useQuery({
    queryKey: ["connections", id],
    enabled: id !== undefined,
    queryFn: () => call<Schemas["ConnectionTest"]>("GET", path("connections", id ?? "")),
    refetchInterval: (query) => (isGone(query.state.error) || query.state.data?.state === "done" ? false : soon),
  });
