// Requests to Postroom's API: JSON in and out, the session's CSRF value on every change, and refusals as Trouble.
import { serversLanguage } from "../i18n";
import type { components } from "./schema";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];

/** A refusal. `problem` is the server's own account of it, or null where no server answered. */
export class Trouble extends Error {
  constructor(
    readonly problem: Problem | null,
    readonly status: number,
  ) {
    super(problem?.detail ?? "no answer");
  }
}

let csrf = "";

/** What changing requests carry from now on; from the session. */
export function setCsrf(value: string): void {
  csrf = value;
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const body = (await response.json()) as Partial<Problem>;
    if (typeof body.title === "string") return { type: "about:blank", status: response.status, detail: "", ...body, title: body.title };
  } catch {
    // A proxy's page instead of ours: its status is all there is to say.
  }
  return { type: "about:blank", status: response.status, title: `${response.status} ${response.statusText}`, detail: "" };
}

/** `etag` is the version that was changed: where there is another by now, the server refuses (412), and nothing is overwritten. */
export async function call<T>(method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown, etag?: string): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json", "accept-language": serversLanguage() };
  if (etag !== undefined) headers["if-match"] = etag;
  if (method !== "GET") headers["x-postroom-csrf"] = csrf;
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (body !== undefined) {
    headers["content-type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Trouble(null, 0);
  }
  if (!response.ok) throw new Trouble(await problemOf(response), response.status);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** A file on its way into a mail. */
export async function upload(file: File): Promise<Schemas["Upload"]> {
  const headers = { accept: "application/json", "accept-language": serversLanguage(), "x-postroom-csrf": csrf, "content-type": file.type || "application/octet-stream" };
  let response: Response;
  try {
    response = await fetch(`${path("uploads")}?name=${encodeURIComponent(file.name)}`, { method: "POST", headers, credentials: "same-origin", body: file });
  } catch {
    throw new Trouble(null, 0);
  }
  if (!response.ok) throw new Trouble(await problemOf(response), response.status);
  return (await response.json()) as Schemas["Upload"];
}

/** /api/v1/ and the segments, each percent-encoded. */
export function path(...segments: (string | number)[]): string {
  return "/api/v1/" + segments.map((each) => encodeURIComponent(each)).join("/");
}
