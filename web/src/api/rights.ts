// What a role may, as the contract says it (roles.ts is written from its x-roles). The API decides; this only spares people pages
// and buttons that refuse.
import type { Schemas } from "./client";
import { scopesOfRoles } from "./roles";

export type Scope = Schemas["Scope"];
export type Right = Exclude<Scope, "self:read" | "self:write">;

/** Of a password, in characters. */
export const shortestPassword = 12;

export const roles = Object.keys(scopesOfRoles) as Schemas["Role"][];

export function may(session: Schemas["Session"], scope: Scope): boolean {
  // What is of the whole partition speaks of every department: it is not for an auditor of some.
  return scopesOfRoles[session.role].includes(scope) && (!["system:read", "metrics:read"].includes(scope) || session.sees_all);
}

/** What a token of theirs can be given: what they may themselves. */
export const scopesOf = (session: Schemas["Session"]): Scope[] => scopesOfRoles[session.role].filter((scope) => may(session, scope));
