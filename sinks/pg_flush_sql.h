/* pg_flush_sql.h - the statements of the flush, prepared once a connection
 *
 * Threads: any; constant. Parameters are in binary form, arrays unless said otherwise.
 */
#ifndef SIFTD_SINKS_PG_FLUSH_SQL_H
#define SIFTD_SINKS_PG_FLUSH_SQL_H

enum flush_statement {
	FLUSH_MOVE_POSITIONS,
	FLUSH_LOCK_PROJECTS,
	FLUSH_TAKE_SEQ,
	FLUSH_INGESTIONS,
	FLUSH_LEARN,
	FLUSH_BLOCK,
	FLUSH_COUNTS,
	FLUSH_COUNT_PART,
	FLUSH_COUNT_TOTALS,
	FLUSH_FOLD_COUNTS,
	FLUSH_FIND_PARTS,
	FLUSH_GROUPS,
	FLUSH_REGRESSED,
	FLUSH_FINDINGS,
	FLUSH_RUNS,
	FLUSH_FINDING_TEMPLATES,
	FLUSH_EVIDENCE,
	FLUSH_WINDOWS,
	FLUSH_VALUES,
	FLUSH_JUDGE,
	FLUSH_CLOCK,
	FLUSH_TELL,
	FLUSH_VARIABLES,
	FLUSH_LEDGER,
	FLUSH_QUARANTINE,
	FLUSH_TRIM_QUARANTINE,
	FLUSH_READ_POSITIONS,
	FLUSH_MAKE_DAY,
	FLUSH_STATEMENTS /* how many there are */
};

/* ends each of several names in one text */
#define FLUSH_NAMES_END "\x1f"

struct flush_sql {
	const char *name;
	const char *sql;
};

/* of a new connection */
extern const char *const flush_setup_sql;
extern const struct flush_sql flush_sql[FLUSH_STATEMENTS];

#endif
