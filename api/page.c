/* page.c - pages of lists */
#include "api/page.h"

bool page_read(struct request *request, char kind, struct page *out)
{
	struct query_int limit = { "limit", 1, PAGE_LIMIT_MAX };
	struct slice text = query_get(&request->query, "cursor");
	struct error error = { 0 };

	*out = (struct page){ .limit = PAGE_LIMIT_DEFAULT, .cursor = { .kind = kind } };
	if (query_read_int(&request->query, &limit, &out->limit, &error) != 0) {
		request_problem_field(request, "limit", "%s.", error.text);
		return false;
	}
	out->has_cursor = text.len > 0;
	if (out->has_cursor && !cursor_read(text, kind, &out->cursor)) {
		request_problem_field(request, "cursor",
				      "This is not a next_cursor of this list with "
				      "this sort order.");
		return false;
	}
	return true;
}

void page_add_params(struct request *request, struct db_call *call,
		     const struct page *page)
{
	db_add_text(call, page->has_cursor ? SLICE("t") : SLICE("f"));
	db_add_int(request, call, page->cursor.value);
	db_add_int(request, call, page->cursor.id);
	db_add_int(request, call, page->limit + 1);
}

size_t page_rows(const struct page *page, const struct pg_rows *rows)
{
	size_t count = pg_rows_count(rows);

	return count > (size_t)page->limit ? (size_t)page->limit : count;
}

void page_write_end(const struct page *page, const struct pg_rows *rows,
		    size_t value_column, size_t id_column, struct json_out *out)
{
	size_t count = page_rows(page, rows);
	bool has_more = pg_rows_count(rows) > count;
	struct cursor cursor = { .kind = page->cursor.kind };
	char text[CURSOR_TEXT_SIZE];

	json_key(out, "next_cursor");
	if (has_more) {
		cursor.value = pg_rows_int(rows, count - 1, value_column);
		cursor.id = pg_rows_int(rows, count - 1, id_column);
		cursor_write(&cursor, text);
		json_out_string(out, slice_str(text));
	} else {
		json_out_null(out);
	}
	json_key_bool(out, "has_more", has_more);
}
