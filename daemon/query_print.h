/* query_print.h - what `siftd query` shows: JSON as it is, or lines for people
 *
 * Threads: one. Owner: nothing is kept; the text goes to standard output.
 * Limits: a line for people is cut at `columns` columns.
 */
#ifndef SIFTD_DAEMON_QUERY_PRINT_H
#define SIFTD_DAEMON_QUERY_PRINT_H

#include <stdbool.h>

#include "sinks/pg_rows.h"

struct query_look {
	bool json;
	bool colour;
	size_t columns;
};

/* colours, where standard output is a terminal that wants them, and its width */
struct query_look query_look_of_terminal(bool json);
/* false, as from the others: standard output takes no more. item: an event as JSON */
bool query_print_event(const struct query_look *look, struct slice item);
/* id, count, first and last seen, status, template */
bool query_print_groups(const struct query_look *look, const struct pg_rows *rows);
/* id, count, first and last seen, status, severity, rule, title */
bool query_print_findings(const struct query_look *look, const struct pg_rows *rows);

#endif
