// What the pages ask and change, each question with how often it is asked again.
import { QueryCache, QueryClient, useMutation, useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import i18next from "i18next";
import { useEffect } from "react";
import { call, path, setCsrf, Trouble, type Schemas } from "./client";
import { isTold, listen, useLiveness } from "./live";
import { may, type Right } from "./rights";

// Events say what changed (live.ts); these are for where there is no stream, and the last for one that stays silent.
export const soon = 1_500; // while somebody waits for the end of something
const often = 4_000;
export const seldom = 15_000;
export const live = 60_000;

export function useInterval(name: string, otherwise: number): number {
  const liveness = useLiveness();
  return liveness === "live" && isTold(name) ? live : otherwise;
}

const sessionKey = ["session"];

export const queryClient: QueryClient = new QueryClient({
  // A session that ended shows the sign-in form, in place.
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (error instanceof Trouble && error.status === 401 && query.queryKey[0] !== "session") end();
      // Another role since, or other departments: what is offered follows.
      if (error instanceof Trouble && error.status === 403) void queryClient.invalidateQueries({ queryKey: sessionKey });
    },
  }),
  defaultOptions: {
    queries: { retry: (count, error) => count < 2 && error instanceof Trouble && (error.status === 0 || error.status >= 500), staleTime: 1_000 },
  },
});

// The server says what it has to say in the language that it is asked in.
i18next.on("languageChanged", () => void queryClient.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" }));

type List<T> = { items: T[] };

function useList<T>(name: string, interval: number, enabled = true, key: unknown[] = [name], address: string = path(name)): UseQueryResult<T[]> {
  return useQuery({ queryKey: key, queryFn: async () => (await call<List<T>>("GET", address)).items, refetchInterval: useInterval(name, interval), enabled });
}

export const useVersion = () =>
  useQuery({ queryKey: ["version"], queryFn: () => call<Schemas["Version"]>("GET", path("version")), refetchInterval: seldom });

/** Null: nobody is signed in. */
export function useSession() {
  return useQuery({
    queryKey: sessionKey,
    staleTime: Infinity,
    queryFn: async (): Promise<Schemas["Session"] | null> => {
      try {
        const session = await call<Schemas["Session"]>("GET", path("session"));
        setCsrf(session.csrf);
        return session;
      } catch (error) {
        if (error instanceof Trouble && error.status === 401) return null;
        throw error;
      }
    },
  });
}

function begin(session: Schemas["Session"]): void {
  setCsrf(session.csrf);
  queryClient.setQueryData(sessionKey, session);
}

/** What was removed is not shown by the list that comes next, not even until the list has been asked for again. */
export const forget = (list: string) => queryClient.removeQueries({ queryKey: [list], exact: true });

/** Nothing of the session stays on the screen. */
function end(): void {
  setCsrf("");
  queryClient.setQueryData(sessionKey, null);
  queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" && query.queryKey[0] !== "version" });
}

export const useSignIn = () => useMutation({ mutationFn: (body: Schemas["SignIn"]) => call<Schemas["Session"]>("POST", path("session"), body), onSuccess: begin });

/** With a one-time link: its password is the user's from now on. */
export const useWelcome = () => useMutation({ mutationFn: (body: Schemas["Welcome"]) => call<Schemas["Session"]>("POST", path("welcome"), body), onSuccess: begin });

// Whatever the server says to it.
export const useSignOut = () => useMutation({ mutationFn: () => call<void>("DELETE", path("session")), onSettled: end });

/** Pages follow what happens while somebody is signed in. */
export function useEvents(): void {
  useEffect(() => listen(queryClient, end), []);
}

export function useMay(right: Right): boolean {
  const session = useSession().data;
  return session ? may(session, right) : false;
}

export const useMailboxes = () => useList<Schemas["Mailbox"]>("mailboxes", often);
export const useMailbox = (address: string) =>
  useQuery({ queryKey: ["mailboxes", address], queryFn: () => call<Schemas["Mailbox"]>("GET", path("mailboxes", address)), refetchInterval: useInterval("mailboxes", often) });
export const useDepartments = () => useList<Schemas["Department"]>("departments", seldom);

// Asked by those only who may know.
export const useAccounts = () => useList<Schemas["Account"]>("accounts", seldom, useMay("accounts:read"));
export const useExceptions = () => useList<Schemas["Exception"]>("exceptions", often, useMay("accounts:read"));
export const useAlarms = () => useList<Schemas["Alarm"]>("alarms", often, useMay("accounts:read"));
export const useAlarmRoutes = () => useList<Schemas["AlarmRoute"]>("alarm-routes", often, useMay("system:read"));
export const useNotifications = () => useList<Schemas["Notification"]>("notifications", often, useMay("system:read"));
export const useWebhooks = () => useList<Schemas["Webhook"]>("webhooks", seldom, useMay("system:read"));
export const useDeliveries = (id: string) => useList<Schemas["Delivery"]>("deliveries", often, true, ["deliveries", id], path("webhooks", id, "deliveries"));
export const useApplications = () => useList<Schemas["Application"]>("applications", seldom, useMay("system:read"));
export const useSettings = () => useList<Schemas["Setting"]>("settings", seldom, useMay("system:read"));
export const useUsers = () => useList<Schemas["User"]>("users", seldom, useMay("system:read"));
export const useTokens = () => useList<Schemas["Token"]>("tokens", seldom);

export const useScreens = (department: string) =>
  useQuery({ queryKey: ["screens", department], enabled: department !== "", queryFn: () => call<Schemas["Screens"]>("GET", path("departments", department, "screens")), refetchInterval: seldom });

export const useAccount = (name: string) =>
  useQuery({ queryKey: ["accounts", name], queryFn: () => call<Schemas["Account"]>("GET", path("accounts", name)), refetchInterval: useInterval("accounts", often) });

export const useApplication = (name: string) =>
  useQuery({ queryKey: ["applications", name], queryFn: () => call<Schemas["Application"]>("GET", path("applications", name)), refetchInterval: seldom });

/** What has to be entered at the provider. */
export const useRegistration = (name: string) =>
  useQuery({ queryKey: ["applications", name, "registration"], queryFn: () => call<Schemas["Registration"]>("GET", path("applications", name, "registration")), refetchInterval: seldom });

export function useCases(state: "open" | "closed" | "", department: string, after: string | null, assigned = "") {
  const query = new URLSearchParams({ limit: "50" });
  if (state) query.set("state", state);
  if (department) query.set("department", department);
  if (after !== null) query.set("after", after);
  if (assigned) query.set("assigned", assigned);
  return useQuery({
    queryKey: ["cases", state, department, after, assigned],
    queryFn: () => call<Schemas["CasePage"]>("GET", `${path("cases")}?${query}`),
    refetchInterval: useInterval("cases", often),
  });
}

export const useCase = (number: number) =>
  useQuery({ queryKey: ["case", number], queryFn: () => call<Schemas["CaseWithActivities"]>("GET", path("cases", number)), refetchInterval: useInterval("case", often) });

export const useQueues = () => useList<Schemas["Queue"]>("queues", often, true, ["cases", "queues"], path("queues"));

/** To whom a case can be given. */
export const useTargets = (number: number) =>
  useQuery({ queryKey: ["case", number, "targets"], enabled: useMay("cases:write"), queryFn: () => call<Schemas["Targets"]>("GET", path("cases", number, "targets")) });

export const useAcknowledgement = (mailbox: string) =>
  useQuery({ queryKey: ["mailboxes", mailbox, "acknowledgement"], queryFn: () => call<Schemas["MailboxAcknowledgement"]>("GET", path("mailboxes", mailbox, "acknowledgement")), refetchInterval: useInterval("mailboxes", seldom) });

function useSending<T>(of: "accounts" | "mailboxes" | "departments", name: string): UseQueryResult<T> {
  return useQuery({ queryKey: [of, name, "sending"], queryFn: () => call<T>("GET", path(of, name, "sending")), refetchInterval: seldom });
}
export const useAccountSending = (name: string) => useSending<Schemas["AccountSending"]>("accounts", name);
export const useMailboxSending = (address: string) => useSending<Schemas["MailboxSending"]>("mailboxes", address);
export const useDepartmentSending = (name: string) => useSending<Schemas["DepartmentSending"]>("departments", name);

export type OutboundState = Schemas["Outbound"]["state"];
export const outboundStates: OutboundState[] = ["queued", "claimed", "committing", "sent", "failed", "in-doubt"];

export function useOutbound(state: OutboundState | "") {
  const query = new URLSearchParams({ limit: "100" });
  if (state) query.set("state", state);
  return useList<Schemas["Outbound"]>("outbound", often, true, ["outbound", state], `${path("outbound")}?${query}`);
}

/** How a grant was sought lately, asked often while one is on its way. */
export const useAuthorizations = (account: string) => {
  const otherwise = useInterval("accounts", often);
  return useQuery({
    queryKey: ["accounts", account, "authorizations"],
    queryFn: async () => (await call<List<Schemas["Authorization"]>>("GET", path("accounts", account, "authorizations"))).items,
    refetchInterval: (query) => (query.state.data?.some(isOpen) ? soon : otherwise),
  });
};

/** Somebody has to sign in, or a server has to try what came of it. */
export const isOpen = (authorization: Schemas["Authorization"]) => authorization.state === "waiting" || authorization.state === "trying";

/** What was removed won't come back: there is nothing more to ask for. */
export const isGone = (error: Error | null) => error instanceof Trouble && error.status === 404;

/** Asked until it is accepted or refused, or gone. */
export const useAuthorization = (id: string) =>
  useQuery({
    queryKey: ["authorizations", id],
    queryFn: () => call<Schemas["Authorization"]>("GET", path("authorizations", id)),
    refetchInterval: (query) => (isGone(query.state.error) || (query.state.data && !isOpen(query.state.data)) ? false : soon),
  });

export const useRights = (account: string) => useList<Schemas["Rights"]>("accounts", often, true, ["accounts", account, "rights"], path("accounts", account, "rights"));

/** Asked until it is done, or gone. */
export const useTrial = (id: string | undefined) =>
  useQuery({
    queryKey: ["trials", id],
    enabled: id !== undefined,
    queryFn: () => call<Schemas["Trial"]>("GET", path("trials", id ?? "")),
    refetchInterval: (query) => (isGone(query.state.error) || (query.state.data && ["done", "failed"].includes(query.state.data.state)) ? false : soon),
  });

export type LedgerFilter = Schemas["LedgerEntry"]["state"] | "due" | "possible-duplicate";
export const ledgerFilters: LedgerFilter[] = ["filed", "duplicate", "skipped", "unreadable", "due", "possible-duplicate"];

/** A page of what became of a mailbox's mail. */
export function useLedger(mailbox: string, filter: LedgerFilter | "", after: string | undefined) {
  const query = new URLSearchParams({ limit: "50" });
  if (filter) query.set("state", filter);
  if (after !== undefined) query.set("after", after);
  return useQuery({
    queryKey: ["mailboxes", mailbox, "ledger", filter, after],
    queryFn: () => call<Schemas["LedgerPage"]>("GET", `${path("mailboxes", mailbox, "ledger")}?${query}`),
    refetchInterval: useInterval("mailboxes", seldom),
  });
}

export const useTemplates = (department: string) =>
  useList<Schemas["Template"]>("templates", seldom, true, ["templates", department], path("departments", department, "templates"));

/** Asked until it is done, or gone. */
export const useReconciliation = (id: string | undefined) =>
  useQuery({
    queryKey: ["reconciliations", id],
    enabled: id !== undefined,
    queryFn: () => call<Schemas["Reconciliation"]>("GET", path("reconciliations", id ?? "")),
    refetchInterval: (query) => (isGone(query.state.error) || (query.state.data && ["done", "failed"].includes(query.state.data.state)) ? false : soon),
  });

/** Something that changes the server's state; afterwards all that is shown is asked anew. */
export function useChange<In, Out = unknown>(change: (input: In) => Promise<Out>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" }),
  });
}
