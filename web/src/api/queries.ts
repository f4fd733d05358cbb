// What the pages ask and change, each question with how often it is asked again.
import { QueryCache, QueryClient, useMutation, useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { call, path, setCsrf, Trouble, type Schemas } from "./client";

const often = 4_000;
const seldom = 15_000;

const sessionKey = ["session"];

export const queryClient: QueryClient = new QueryClient({
  // A session that ended shows the sign-in form, in place.
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (error instanceof Trouble && error.status === 401 && query.queryKey[0] !== "session") queryClient.setQueryData(sessionKey, null);
    },
  }),
  defaultOptions: {
    queries: { retry: (count, error) => count < 2 && error instanceof Trouble && (error.status === 0 || error.status >= 500), staleTime: 1_000 },
  },
});

type List<T> = { items: T[] };

function useList<T>(name: string, interval: number, key: unknown[] = [name], address: string = path(name)): UseQueryResult<T[]> {
  return useQuery({ queryKey: key, queryFn: async () => (await call<List<T>>("GET", address)).items, refetchInterval: interval });
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

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Schemas["SignIn"]) => call<Schemas["Session"]>("POST", path("session"), body),
    onSuccess: (session) => {
      setCsrf(session.csrf);
      client.setQueryData(sessionKey, session);
    },
  });
}

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => call<void>("DELETE", path("session")),
    // Whatever the server said, nothing of this session stays on the screen.
    onSettled: () => {
      setCsrf("");
      client.setQueryData(sessionKey, null);
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" && query.queryKey[0] !== "version" });
    },
  });
}

export const useAccounts = () => useList<Schemas["Account"]>("accounts", seldom);
export const useMailboxes = () => useList<Schemas["Mailbox"]>("mailboxes", often);
export const useApplications = () => useList<Schemas["Application"]>("applications", seldom);
export const useDepartments = () => useList<Schemas["Department"]>("departments", seldom);
export const useSettings = () => useList<Schemas["Setting"]>("settings", seldom);
export const useExceptions = () => useList<Schemas["Exception"]>("exceptions", often);
export const useAlarms = () => useList<Schemas["Alarm"]>("alarms", often);

export const useAccount = (name: string) =>
  useQuery({ queryKey: ["accounts", name], queryFn: () => call<Schemas["Account"]>("GET", path("accounts", name)), refetchInterval: often });

export function useCases(state: "open" | "closed" | "", department: string, below: number | null) {
  const query = new URLSearchParams({ limit: "50" });
  if (state) query.set("state", state);
  if (department) query.set("department", department);
  if (below !== null) query.set("below", String(below));
  return useQuery({
    queryKey: ["cases", state, department, below],
    queryFn: () => call<{ items: Schemas["Case"][]; next: number | null }>("GET", `${path("cases")}?${query}`),
    refetchInterval: often,
  });
}

export const useCase = (number: number) =>
  useQuery({ queryKey: ["case", number], queryFn: () => call<Schemas["CaseWithActivities"]>("GET", path("cases", number)), refetchInterval: often });

export type OutboundState = Schemas["Outbound"]["state"];
export const outboundStates: OutboundState[] = ["queued", "claimed", "committing", "sent", "failed", "in-doubt"];

export function useOutbound(state: OutboundState | "") {
  const query = new URLSearchParams({ limit: "100" });
  if (state) query.set("state", state);
  return useList<Schemas["Outbound"]>("outbound", often, ["outbound", state], `${path("outbound")}?${query}`);
}

/** Asked until the provider's answer is in. */
export const useAuthorization = (id: string | undefined) =>
  useQuery({
    queryKey: ["authorizations", id],
    enabled: id !== undefined,
    queryFn: () => call<Schemas["Authorization"]>("GET", path("authorizations", id ?? "")),
    refetchInterval: (query) => (query.state.data && query.state.data.state !== "waiting" ? false : 1_500),
  });

/** Something that changes the server's state; afterwards all that is shown is asked anew. */
export function useChange<In, Out = unknown>(change: (input: In) => Promise<Out>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" }),
  });
}
