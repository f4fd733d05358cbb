// What a role may, in the words of the contract's x-roles. The API decides; this only spares people pages and buttons that refuse.
import type { Schemas } from "./client";

export type Scope = Schemas["Scope"];
export type Right = Exclude<Scope, "self:read" | "self:write">;

const rights: Record<Schemas["Role"], readonly Right[]> = {
  "system-administrator": ["cases:read", "cases:write", "accounts:read", "accounts:write", "system:read", "system:write"],
  "department-administrator": ["cases:read", "cases:write", "accounts:read", "accounts:write"],
  agent: ["cases:read", "cases:write"],
  auditor: ["cases:read", "accounts:read", "system:read"],
};

/** What a token of theirs can be given: what they may themselves. */
export const scopesOf = (session: Schemas["Session"]): Scope[] => ["self:read", "self:write", ...rights[session.role].filter((right) => may(session, right))];

/** Of a password, in characters. */
export const shortestPassword = 12;

export const roles: Schemas["Role"][] = ["system-administrator", "department-administrator", "agent", "auditor"];

export function may(session: Schemas["Session"], right: Right): boolean {
  // What is of the whole partition speaks of every department: it is not for an auditor of some.
  return rights[session.role].includes(right) && (right !== "system:read" || session.sees_all);
}
