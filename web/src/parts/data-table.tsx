// A plain table; wide ones scroll sideways in their own frame, not the page.
import { makeStyles, mergeClasses, tokens } from "@fluentui/react-components";
import type { ReactNode } from "react";

const useStyles = makeStyles({
  frame: { overflowX: "auto", border: `1px solid ${tokens.colorNeutralStroke2}`, borderRadius: tokens.borderRadiusMedium, backgroundColor: tokens.colorNeutralBackground1 },
  table: { width: "100%", borderCollapse: "collapse", fontSize: tokens.fontSizeBase300, lineHeight: tokens.lineHeightBase300 },
  head: { textAlign: "start", padding: "10px 12px", fontWeight: tokens.fontWeightSemibold, color: tokens.colorNeutralForeground2, borderBottom: `1px solid ${tokens.colorNeutralStroke2}`, whiteSpace: "nowrap" },
  row: { ":hover": { backgroundColor: tokens.colorNeutralBackground1Hover }, ":not(:last-child)": { "& > td": { borderBottom: `1px solid ${tokens.colorNeutralStroke3}` } } },
  cell: { padding: "10px 12px", textAlign: "start", verticalAlign: "top", overflowWrap: "break-word", minWidth: "64px" },
  // For what has no blank to break at, and for states with their reasons.
  long: { overflowWrap: "anywhere", minWidth: "180px" },
  wide: { minWidth: "260px", overflowWrap: "anywhere" },
  empty: { padding: "24px", textAlign: "center", color: tokens.colorNeutralForeground3 },
});

export interface Column<T> {
  head: string;
  cell: (row: T) => ReactNode;
  /** How much room it needs at least. */
  room?: "long" | "wide";
}

export function DataTable<T>(props: { label: string; columns: Column<T>[]; rows: T[]; rowKey: (row: T) => string | number; empty: string }) {
  const styles = useStyles();
  if (props.rows.length === 0) return <div className={mergeClasses(styles.frame, styles.empty)}>{props.empty}</div>;
  return (
    <div className={styles.frame} tabIndex={0} role="group" aria-label={props.label}>
      <table className={styles.table} aria-label={props.label}>
        <thead>
          <tr>
            {props.columns.map((column) => (
              <th key={column.head} scope="col" className={styles.head}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr key={props.rowKey(row)} className={styles.row}>
              {props.columns.map((column) => (
                <td key={column.head} className={mergeClasses(styles.cell, column.room && styles[column.room])}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
