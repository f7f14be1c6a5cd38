/* event_histogram.c - bounds, then counts, from the tables or from the blocks */
#include "api/columns.h"
#include "api/event_counts.h"
#include "api/event_counts_sql.h"
#include "api/event_routes.h"
#include "api/kept_answers.h"

#define MINUTE_US INT64_C(60000000)
#define DAY_MINUTES 1440
#define BUCKETS_DEFAULT 60

/* The filter is read again after each wait: it must not outlive a request that is
 * cancelled meanwhile. */
struct histogram {
	struct counts_buckets buckets;
	int64_t buckets_wanted; /* at most, where the width is siftd's to choose */
	bool has_from;
	bool has_to;
	struct events_query *query;
};

/* index 0: siftd chooses */
static const char *const width_words[] = { "auto", "1m", "5m",  "15m", "30m",
					   "1h",   "6h", "12h", "1d",  NULL };
static const int64_t widths[] = { 0, 1, 5, 15, 30, 60, 360, 720, DAY_MINUTES };

static int64_t floor_to(int64_t minute, int64_t width)
{
	return event_tally_bucket(minute, width) * width;
}

static int64_t bucket_count(const struct counts_buckets *buckets)
{
	return (buckets->range.to - buckets->range.from) / buckets->width + 1;
}

/* the narrowest width that gives no more buckets than wanted */
static int64_t choose_width(const struct histogram *histogram)
{
	const struct minute_range *range = &histogram->buckets.range;
	int64_t days = 0;

	for (size_t i = 1; i < ARRAY_LEN(widths); i++) {
		if (event_tally_bucket(range->to, widths[i]) -
			    event_tally_bucket(range->from, widths[i]) <
		    histogram->buckets_wanted)
			return widths[i];
	}
	days = (range->to - range->from) / DAY_MINUTES / histogram->buckets_wanted + 1;
	return days * DAY_MINUTES;
}

static void write_bucket(struct json_out *out, const struct table *counts,
			 int64_t number, int64_t width)
{
	uint64_t sum = 0;

	json_object_begin(out);
	json_key(out, "ts");
	columns_write_time(out, number * width * MINUTE_US);
	json_key(out, "levels");
	json_object_begin(out);
	for (unsigned i = 0; i < SEVERITY_COUNT; i++) {
		const uint64_t *n =
			table_get(counts, (uint64_t)number * SEVERITY_COUNT + i);

		if (n == NULL)
			continue;
		sum += *n;
		json_key_uint(out, i == 0 ? "none" : severity_name((enum severity)i),
			      *n);
	}
	json_object_end(out);
	json_key_uint(out, "count", sum);
	json_object_end(out);
}

/* counts: as event_tally.buckets; NULL: there are no events. The width is known */
static void answer(struct request *request, const struct table *counts, uint64_t total)
{
	const struct histogram *histogram = request->state;
	const struct counts_buckets *buckets = &histogram->buckets;
	struct json_out out = json_out_init(&request->out);
	int64_t first = event_tally_bucket(buckets->range.from, buckets->width);
	int64_t count = counts == NULL ? 0 : bucket_count(buckets);

	json_object_begin(&out);
	json_key_int(&out, "interval_s", buckets->width * 60);
	json_key_uint(&out, "total", total);
	json_key(&out, "buckets");
	json_array_begin(&out);
	for (int64_t i = 0; i < count; i++)
		write_bucket(&out, counts, first + i, buckets->width);
	json_array_end(&out);
	json_object_end(&out);
	kept_answers_reply(request);
}

/* there are no events, hence no range that an automatic width could follow from */
static void answer_nothing(struct request *request)
{
	struct histogram *histogram = request->state;

	if (histogram->buckets.width == 0)
		histogram->buckets.width = 1;
	answer(request, NULL, 0);
}

static void on_rows(struct request *request, const struct pg_rows *rows)
{
	struct table counts = { 0 };
	uint64_t total = 0;

	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		uint64_t n = (uint64_t)pg_rows_int(rows, i, 2);
		uint64_t key = (uint64_t)pg_rows_int(rows, i, 0) * SEVERITY_COUNT +
			       (uint64_t)pg_rows_int(rows, i, 1);

		*table_put(&counts, key, NULL) = n;
		total += n;
	}
	answer(request, &counts, total);
	table_deinit(&counts);
}

static void on_tally(void *context, const struct events_answer *said)
{
	struct request *request = context;

	request_on_cancel(request, NULL, NULL);
	if (!said->whole)
		kept_answers_limit(request, 0);
	if (said->status == EVENTS_OK)
		answer(request, &said->tally->buckets, said->tally->total);
	else
		event_routes_refuse(request, said);
}

static void cancel(void *context)
{
	struct histogram *histogram = context;

	events_query_cancel(&histogram->query);
}

static void count_blocks(struct request *request, struct event_filter *filter)
{
	struct histogram *histogram = request->state;
	const struct counts_buckets *buckets = &histogram->buckets;
	struct events_deps deps = event_routes_deps(request);
	struct events_scope scope = event_routes_scope(request);

	filter->by_time = true;
	filter->or_observed = true;
	filter->from_us = buckets->range.from * MINUTE_US;
	filter->to_us = (buckets->range.to + 1) * MINUTE_US - 1;
	histogram->query = events_tally_start(
		&deps, &scope, filter, buckets->width * MINUTE_US, on_tally, request);
	request_on_cancel(request, cancel, histogram);
}

static void count_rows(struct request *request, const struct event_filter *filter)
{
	const struct histogram *histogram = request->state;
	struct db_call call = { .done = on_rows };
	struct buf sql = { 0 };

	counts_histogram_sql(request, filter, &histogram->buckets, &sql, &call);
	call.sql = sql.data;
	db_run(request, &call);
	buf_deinit(&sql);
}

/* the range is known */
static void count(struct request *request)
{
	struct histogram *histogram = request->state;
	struct counts_buckets *buckets = &histogram->buckets;
	struct event_filter filter = { 0 };

	if (buckets->width == 0)
		buckets->width = choose_width(histogram);
	buckets->range.from = floor_to(buckets->range.from, buckets->width);
	buckets->range.to =
		floor_to(buckets->range.to, buckets->width) + buckets->width - 1;
	if (bucket_count(buckets) > HISTOGRAM_BUCKETS_MAX) {
		request_problem_field(request, "interval",
				      "The range has more than %d buckets of this "
				      "interval.",
				      HISTOGRAM_BUCKETS_MAX);
		return;
	}
	if (!event_routes_filter(request, &filter))
		return;
	if (counts_need_blocks(&filter))
		count_blocks(request, &filter);
	else
		count_rows(request, &filter);
	event_filter_deinit(&filter);
}

static void on_bounds(struct request *request, const struct pg_rows *rows)
{
	struct histogram *histogram = request->state;
	struct minute_range *range = &histogram->buckets.range;

	if (pg_rows_slice(rows, 0, 0).ptr == NULL) {
		answer_nothing(request);
		return;
	}
	if (!histogram->has_from)
		range->from = pg_rows_int(rows, 0, 0);
	if (!histogram->has_to)
		range->to = pg_rows_int(rows, 0, 1);
	if (range->from > range->to)
		answer_nothing(request);
	else
		count(request);
}

static void find_bounds(struct request *request)
{
	struct db_call call = {
		.sql = "SELECT min(begin), max(begin) + 59 FROM siftd.scope_counts"
		       " WHERE project_id = $1 AND width = -60 AND ingestion_id = ANY ("
		       "ARRAY(SELECT id FROM siftd.ingestions WHERE project_id = $1"
		       " AND ($2::bigint = 0 OR id = $2)))",
		.done = on_bounds,
	};

	db_add_int(request, &call, request->caller.project_id);
	db_add_int(request, &call, request->caller.ingestion_id);
	db_run(request, &call);
}

/* false: answered with 422 */
static bool read_buckets(struct request *request, struct histogram *histogram)
{
	const struct query_int want = { "buckets", 1, HISTOGRAM_BUCKETS_MAX };
	struct error error = { 0 };
	size_t index = 0;

	histogram->buckets_wanted = BUCKETS_DEFAULT;
	if (query_read_word(&request->query, "interval", width_words, &index, &error) <
	    0) {
		request_problem_field(request, "interval", "%s.", error.text);
		return false;
	}
	if (query_read_int(&request->query, &want, &histogram->buckets_wanted, &error) <
	    0) {
		request_problem_field(request, "buckets", "%s.", error.text);
		return false;
	}
	histogram->buckets.width = widths[index];
	return true;
}

static void count_anew(struct request *request)
{
	struct histogram *histogram = request_alloc(request, sizeof(*histogram));
	struct event_filter filter = { 0 };

	*histogram = (struct histogram){ 0 };
	request->state = histogram;
	if (!read_buckets(request, histogram) || !event_routes_filter(request, &filter))
		return;
	histogram->has_from = filter.by_time && filter.from_us != INT64_MIN;
	histogram->has_to = filter.by_time && filter.to_us != INT64_MAX;
	histogram->buckets.range = counts_range(&filter);
	event_filter_deinit(&filter);
	if (!histogram->has_from || !histogram->has_to)
		find_bounds(request);
	else if (histogram->buckets.range.from > histogram->buckets.range.to)
		answer_nothing(request);
	else
		count(request);
}

void event_histogram(struct request *request)
{
	kept_answers_ask(request, count_anew);
}
