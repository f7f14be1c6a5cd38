/* event_export.c - page, piece, drained; again until there is no more
 *
 *	last seq -> page -> start -> piece -> (drained) -> page -> piece ... -> end
 */
#include "api/event_export.h"

#include "api/db.h"
#include "api/event_routes.h"
#include "api/events_render.h"
#include "base/log.h"

struct export
{
	struct request *request;
	struct events_query *query;
	enum event_form form;
	bool has_limit;
	int64_t left; /* of the limit */
	int64_t last; /* seq; nothing above it is given out */
	bool started;
	bool has_more;
	bool by_seq; /* pages were given out, up to: */
	int64_t behind;
};

static void next_page(struct export *export);

static void cancel(void *context)
{
	struct export *export = context;

	events_query_cancel(&export->query);
}

static void on_drained(void *context)
{
	struct export *export = context;

	if (export->has_more)
		next_page(export);
	else
		request_stream_end(export->request);
}

/* false: the request is gone */
static bool start(struct export *export)
{
	struct request *request = export->request;
	bool csv = export->form == EVENT_FORM_CSV;

	if (export->started)
		return true;
	export->started = true;
	request_set_header(request, "Content-Disposition",
			   csv ? "attachment; filename=\"events.csv\""
			       : "attachment; filename=\"events.ndjson\"");
	if (csv)
		events_render_csv_header(&request->out);
	return request_stream_start(
		request, csv ? "text/csv; charset=utf-8" : "application/x-ndjson",
		on_drained, export);
}

/* after the start nothing but the end of the connection can say that it failed */
static void fail(struct export *export, const struct events_answer *answer)
{
	if (!export->started) {
		event_routes_refuse(export->request, answer);
		return;
	}
	log_warn("api", "an export ends before its end id=%s error=\"%s\"",
		 export->request->id, answer->error.text);
	request_stream_break(export->request);
}

static void on_page(void *context, const struct events_answer *answer)
{
	struct export *export = context;
	struct request *request = export->request;

	export->query = NULL;
	if (answer->status != EVENTS_OK) {
		fail(export, answer);
		return;
	}
	export->left -= answer->count;
	export->has_more = answer->has_more && (!export->has_limit || export->left > 0);
	export->by_seq = true;
	export->behind = answer->behind;
	if (!start(export))
		return;
	buf_append_slice(&request->out, answer->json);
	if (request->out.len > 0)
		request_stream_piece(request);
	else if (export->has_more)
		next_page(export);
	else
		request_stream_end(request);
}

static void next_page(struct export *export)
{
	struct request *request = export->request;
	struct events_deps deps = event_routes_deps(request);
	struct events_scope scope = event_routes_scope(request);
	struct event_filter filter = { 0 };
	struct error error = { 0 };
	const char *field = NULL;

	/* the same query has been read before */
	if (event_filter_from_query(&request->query, &filter, &field, &error) != 0)
		return;
	filter.form = export->form;
	filter.with_raw = true;
	filter.limit = EXPORT_PAGE_EVENTS;
	if (export->has_limit && export->left < EXPORT_PAGE_EVENTS)
		filter.limit = (unsigned)export->left;
	filter.by_last = true;
	filter.last = export->last;
	if (export->by_seq) {
		filter.by_seq = true;
		filter.behind = export->behind;
	}
	export->query = events_query_start(&deps, &scope, &filter, on_page, export);
	request_on_cancel(request, cancel, export);
	event_filter_deinit(&filter);
}

static void on_last(struct request *request, const struct pg_rows *rows)
{
	struct export *export = request->state;

	export->last = pg_rows_count(rows) > 0 ? pg_rows_int(rows, 0, 0) : 0;
	next_page(export);
}

/* false: answered with 422 */
static bool read_params(struct request *request, struct export *export)
{
	static const char *const words[] = { "ndjson", "csv", NULL };
	const struct query_int want = { "limit", 1, INT64_MAX };
	struct error error = { 0 };
	size_t index = 0;

	if (query_read_word(&request->query, "format", words, &index, &error) < 0) {
		request_problem_field(request, "format", "%s.", error.text);
		return false;
	}
	if (query_read_int(&request->query, &want, &export->left, &error) < 0) {
		request_problem_field(request, "limit", "%s.", error.text);
		return false;
	}
	export->has_limit = export->left > 0;
	export->form = index == 1 ? EVENT_FORM_CSV : EVENT_FORM_LINES;
	query_remove(&request->query, "limit"); /* it is not a page's */
	return true;
}

void event_export(struct request *request)
{
	struct export *export = request_alloc(request, sizeof(*export));
	struct db_call call = {
		.sql = "SELECT next_seq - 1 FROM siftd.projects WHERE id = $1",
		.done = on_last,
	};
	struct event_filter filter = { 0 };

	*export = (struct export){ .request = request };
	request->state = export;
	if (!read_params(request, export) || !event_routes_filter(request, &filter))
		return;
	event_filter_deinit(&filter);
	db_add_int(request, &call, request->caller.project_id);
	db_run(request, &call);
}
