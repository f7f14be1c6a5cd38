/* event_params.c - from a query string to an event filter */
#include "api/event_filter.h"

#include "api/cursor.h"
#include "api/event_matcher.h"
#include "api/rfc3339.h"

#define CURSOR_NEWEST_FIRST 'n'
#define CURSOR_OLDEST_FIRST 'o'

static int read_levels(const struct query *query, struct event_filter *out,
		       struct error *error)
{
	struct slice rest = query_get(query, "levels");

	while (rest.len > 0) {
		const char *comma = memchr(rest.ptr, ',', rest.len);
		struct slice word = slice_head(
			rest, comma == NULL ? rest.len : (size_t)(comma - rest.ptr));
		enum severity severity = severity_of_word(word);

		rest = slice_from(rest, word.len + 1);
		if (word.len == 0)
			continue;
		if (severity == SEVERITY_NONE &&
		    !slice_equal_nocase(word, SLICE("none")))
			return error_set(error,
					 "'%.*s' is not a level; the levels are TRACE, "
					 "DEBUG, INFO, NOTICE, WARN, ERROR, CRITICAL "
					 "and none",
					 (int)slice_head(word, 40).len, word.ptr);
		out->levels |= 1u << severity;
	}
	return 0;
}

static int read_text(const struct query *query, const char *name,
		     struct event_filter *filter, struct slice *out,
		     struct error *error)
{
	struct slice text = query_get(query, name);

	if (text.len == 0)
		return 0;
	if (text.len > EVENT_FILTER_TEXT_MAX)
		return error_set(error, "%s may have at most %d bytes", name,
				 EVENT_FILTER_TEXT_MAX);
	*out = arena_dup(&filter->arena, text);
	return 0;
}

static int read_service(const struct query *query, struct event_filter *out,
			struct error *error)
{
	if (slice_equal(query_get(query, "service"), SLICE("unknown"))) {
		out->service_none = true;
		return 0;
	}
	return read_text(query, "service", out, &out->service, error);
}

static int read_host(const struct query *query, struct event_filter *out,
		     struct error *error)
{
	return read_text(query, "host", out, &out->host, error);
}

static int read_q(const struct query *query, struct event_filter *out,
		  struct error *error)
{
	struct slice text = query_get(query, "q");

	if (text.len > EVENT_FILTER_TEXT_MAX)
		return error_set(error, "q may have at most %d bytes",
				 EVENT_FILTER_TEXT_MAX);
	event_filter_set_text(out, text);
	return 0;
}

/* compiling is bounded by the length of q, so it is done right here, for the answer's
 * sake */
static int read_q_mode(const struct query *query, struct event_filter *out,
		       struct error *error)
{
	static const char *const words[] = { "text", "regex", NULL };
	struct event_matcher *matcher = NULL;
	size_t index = 0;

	if (query_read_word(query, "q_mode", words, &index, error) < 0)
		return -1;
	out->is_pattern = index == 1 && out->text.len > 0;
	if (event_matcher_new(out->text, out->is_pattern, &matcher, error) < 0)
		return -1;
	event_matcher_free(&matcher);
	return 0;
}

static int read_fingerprint(const struct query *query, struct event_filter *out,
			    struct error *error)
{
	struct slice text = query_get(query, "fingerprint");
	uint64_t key = 0;

	if (text.len == 0)
		return 0;
	if (!query_hex64(text, &key))
		return error_set(error, "fingerprint must be 16 hex digits");
	event_filter_add_keys(out, &key, 1);
	return 0;
}

static int read_group(const struct query *query, struct event_filter *out,
		      struct error *error)
{
	struct slice text = query_get(query, "group");

	if (text.len == 0)
		return 0;
	out->by_group_key = query_hex64(text, &out->group_key);
	if (!out->by_group_key && !query_id(text, &out->group_id))
		return error_set(error,
				 "group must be a number, or a fingerprint of 16 hex "
				 "digits");
	return 0;
}

static int read_time(const struct query *query, const char *name,
		     struct event_filter *filter, int64_t *out_us, struct error *error)
{
	struct slice text = query_get(query, name);

	if (text.len == 0)
		return 0;
	if (!rfc3339_parse(text, out_us))
		return error_set(error,
				 "%s must be a time such as 2026-11-22T21:00:00Z or "
				 "2026-11-22T21:00:00.000000+01:00",
				 name);
	filter->by_time = true;
	return 0;
}

static int read_from(const struct query *query, struct event_filter *out,
		     struct error *error)
{
	out->from_us = INT64_MIN;
	return read_time(query, "ts_from", out, &out->from_us, error);
}

static int read_to(const struct query *query, struct event_filter *out,
		   struct error *error)
{
	out->to_us = INT64_MAX;
	return read_time(query, "ts_to", out, &out->to_us, error);
}

static int read_order(const struct query *query, struct event_filter *out,
		      struct error *error)
{
	static const char *const words[] = { "desc", "asc", NULL };
	size_t index = 0;

	if (query_read_word(query, "order", words, &index, error) < 0)
		return -1;
	out->oldest_first = index == 1;
	return 0;
}

static int read_raw(const struct query *query, struct event_filter *out,
		    struct error *error)
{
	static const char *const words[] = { "false", "true", NULL };
	size_t index = 0;

	if (query_read_word(query, "raw", words, &index, error) < 0)
		return -1;
	out->with_raw = index == 1;
	return 0;
}

static int read_limit(const struct query *query, struct event_filter *out,
		      struct error *error)
{
	const struct query_int want = { "limit", 1, EVENT_FILTER_LIMIT_MAX };
	int64_t limit = EVENT_FILTER_LIMIT_DEFAULT;

	if (query_read_int(query, &want, &limit, error) < 0)
		return -1;
	out->limit = (unsigned)limit;
	return 0;
}

static char cursor_kind(bool oldest_first)
{
	return oldest_first ? CURSOR_OLDEST_FIRST : CURSOR_NEWEST_FIRST;
}

/* read behind the order, which it must agree with */
static int read_cursor(const struct query *query, struct event_filter *out,
		       struct error *error)
{
	struct slice text = query_get(query, "cursor");
	struct cursor cursor = { 0 };

	if (text.len == 0)
		return 0;
	if (!cursor_read(text, cursor_kind(out->oldest_first), &cursor))
		return error_set(error,
				 "cursor must be the next_cursor of an answer in "
				 "the same order");
	out->by_seq = true;
	out->behind = cursor.value;
	return 0;
}

void event_cursor_write(bool oldest_first, int64_t seq, char out[CURSOR_TEXT_SIZE])
{
	const struct cursor cursor = { .kind = cursor_kind(oldest_first),
				       .value = seq };

	cursor_write(&cursor, out);
}

static const struct {
	const char *name;
	int (*read)(const struct query *query, struct event_filter *out,
		    struct error *error);
} fields[] = {
	{ "levels", read_levels }, { "service", read_service },
	{ "host", read_host },     { "fingerprint", read_fingerprint },
	{ "group", read_group },   { "ts_from", read_from },
	{ "ts_to", read_to },      { "q", read_q },
	{ "q_mode", read_q_mode }, { "order", read_order },
	{ "raw", read_raw },       { "limit", read_limit },
	{ "cursor", read_cursor },
};

int event_filter_from_query(const struct query *query, struct event_filter *out,
			    const char **field, struct error *error)
{
	*out = event_filter_init();
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (fields[i].read(query, out, error) < 0) {
			*field = fields[i].name;
			event_filter_deinit(out);
			return -1;
		}
	}
	return 0;
}
