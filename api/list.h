/* list.h - lists ordered by id, and single objects: from one SQL statement to JSON
 *
 * Threads: the loop thread only.
 * Limits: pages as in page.h.
 */
#ifndef SIFTD_API_LIST_H
#define SIFTD_API_LIST_H

#include <stdbool.h>

#include "api/columns.h"
#include "api/db.h"
#include "api/request.h"

/* columns[0] is the id that the list is ordered by. The statement's last two parameters
 * are the id to start behind (below it when descending), and how many rows to take */
struct list {
	const char *sql;
	const struct column *columns;
	size_t columns_count;
	char kind; /* of its cursors */
	bool descending;
	const char *flag; /* a member beside the items; NULL: none */
	bool flag_value;
};

/* one row as an object */
struct object {
	const char *what; /* for 404: no row */
	const struct column *columns;
	size_t columns_count;
	int status; /* of the answer */
};

/* call holds the parameters before the last two; its done is set here */
void list_run(struct request *request, const struct list *list, struct db_call *call);
/* call is whole, but for done */
void object_run(struct request *request, const struct object *object,
		struct db_call *call);
/* for a DELETE or UPDATE without RETURNING: 204, or 404 when it touched no row */
void object_run_change(struct request *request, const char *what, struct db_call *call);

#endif
