/* page.h - limit and cursor of a list, and the envelope of its answer
 *
 * Threads: the loop thread only.
 * Limits: PAGE_LIMIT_MAX items a page.
 *
 * A list's SQL takes limit + 1 rows: the one too many says that there are more.
 */
#ifndef SIFTD_API_PAGE_H
#define SIFTD_API_PAGE_H

#include <stdbool.h>

#include "api/cursor.h"
#include "api/db.h"
#include "api/request.h"

#define PAGE_LIMIT_DEFAULT 100
#define PAGE_LIMIT_MAX 500

struct page {
	int64_t limit;
	bool has_cursor;
	struct cursor cursor;
};

/* false: answered with 422 */
MUST_CHECK bool page_read(struct request *request, char kind, struct page *out);
/* four parameters: has_cursor, its value, its id, limit + 1 */
void page_add_params(struct request *request, struct db_call *call,
		     const struct page *page);
/* rows that belong to the page */
size_t page_rows(const struct page *page, const struct pg_rows *rows);
/* next_cursor and has_more; value and id of the last row of the page are in the columns
 */
void page_write_end(const struct page *page, const struct pg_rows *rows,
		    size_t value_column, size_t id_column, struct json_out *out);

#endif
