/* list.c - answering with rows */
#include "api/list.h"

#include "api/page.h"

struct list_state {
	const struct list *list;
	struct page page;
};

static void on_list(struct request *request, const struct pg_rows *rows)
{
	const struct list_state *state = request->state;
	const struct list *list = state->list;
	struct json_out out = json_out_init(&request->out);

	json_object_begin(&out);
	json_key(&out, "items");
	json_array_begin(&out);
	for (size_t i = 0; i < page_rows(&state->page, rows); i++) {
		json_object_begin(&out);
		columns_write(&out, rows, i, list->columns, list->columns_count);
		json_object_end(&out);
	}
	json_array_end(&out);
	page_write_end(&state->page, rows, 0, 0, &out);
	if (list->flag != NULL)
		json_key_bool(&out, list->flag, list->flag_value);
	json_object_end(&out);
	request_reply_json(request, 200);
}

void list_run(struct request *request, const struct list *list, struct db_call *call)
{
	struct list_state *state = request_alloc(request, sizeof(*state));
	int64_t behind = list->descending ? INT64_MAX : 0;

	state->list = list;
	if (!page_read(request, list->kind, &state->page))
		return;
	if (state->page.has_cursor)
		behind = state->page.cursor.id;
	request->state = state;
	call->done = on_list;
	db_add_int(request, call, behind);
	db_add_int(request, call, state->page.limit + 1);
	db_run(request, call);
}

static void on_object(struct request *request, const struct pg_rows *rows)
{
	const struct object *object = request->state;
	struct json_out out = json_out_init(&request->out);

	if (pg_rows_count(rows) == 0) {
		request_not_found(request, object->what);
		return;
	}
	json_object_begin(&out);
	columns_write(&out, rows, 0, object->columns, object->columns_count);
	json_object_end(&out);
	request_reply_json(request, object->status);
}

void object_run(struct request *request, const struct object *object,
		struct db_call *call)
{
	struct object *copy = request_alloc(request, sizeof(*copy));

	*copy = *object;
	request->state = copy;
	call->done = on_object;
	db_run(request, call);
}

static void on_change(struct request *request, const struct pg_rows *rows)
{
	const struct object *object = request->state;

	if (pg_rows_affected(rows) == 0)
		request_not_found(request, object->what);
	else
		request_reply_empty(request);
}

void object_run_change(struct request *request, const char *what, struct db_call *call)
{
	struct object *object = request_alloc(request, sizeof(*object));

	*object = (struct object){ .what = what };
	request->state = object;
	call->done = on_change;
	db_run(request, call);
}
