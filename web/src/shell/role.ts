// Which buttons a role gets. The API decides what it may; these only spare people a refusal.
import { useSession } from "../api/queries";

/** Agents and administrators answer mail; an auditor reads. */
export function useMayWrite(): boolean {
  const role = useSession().data?.role;
  return role !== undefined && role !== "auditor";
}

export function useMayAdminister(): boolean {
  const role = useSession().data?.role;
  return role === "system-administrator" || role === "department-administrator";
}
