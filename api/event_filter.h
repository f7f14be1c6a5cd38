/* event_filter.h - which events a query wants, and whether a decoded event is one
 *
 * Threads: a filter belongs to one thread at a time; matching only reads it.
 * Owner: event_filter_deinit frees what the filter holds; copies are deep.
 * Limits: texts of EVENT_FILTER_TEXT_MAX bytes, EVENT_FILTER_KEYS_MAX template keys,
 *         EVENT_FILTER_LIMIT_MAX events a page; beyond: an error that names the field.
 *
 * A zeroed filter matches all; event_filter_init makes one with the API's defaults.
 */
#ifndef SIFTD_API_EVENT_FILTER_H
#define SIFTD_API_EVENT_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/cursor.h"
#include "api/query.h"
#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/slice.h"
#include "pipeline/block.h"

#define EVENT_FILTER_TEXT_MAX 1024
#define EVENT_FILTER_KEYS_MAX ((size_t)10000)
#define EVENT_FILTER_LIMIT_DEFAULT 100
#define EVENT_FILTER_LIMIT_MAX 500

/* what an answer looks like */
enum event_form {
	EVENT_FORM_PAGE,
	EVENT_FORM_LINES,
	EVENT_FORM_CSV,
	EVENT_FORM_STREAM /* frames of text/event-stream, with the seq as id */
};

struct event_filter {
	struct arena arena;   /* of all that the slices and keys below point at */
	struct slice service; /* ptr NULL: any; exact, as is host */
	struct slice host;
	struct slice text; /* looked for in raw, see event_matcher.h */
	/* only events with one of these template keys, ascending */
	const uint64_t *template_keys;
	size_t template_keys_count;
	/* a group whose template keys the query looks up and adds: one of them is set
	 */
	int64_t group_id;
	uint64_t group_key; /* the group that holds this template key */
	/* both inclusive; an event without a timestamp is in no range */
	int64_t from_us;
	int64_t to_us;
	int64_t behind; /* the cursor: only seqs below, or above it when oldest_first */
	int64_t last;   /* nothing above this seq */
	/* events that a block is likely to have of the template keys; 0: not known */
	double block_share;
	unsigned levels; /* bits 1 << severity; 0: all */
	unsigned limit;  /* of the page */
	enum event_form form;
	bool service_none; /* only events without a service */
	bool by_template_key;
	bool by_group_key;
	bool is_dense; /* most blocks have these keys: they are not looked up */
	bool by_time;
	bool or_observed; /* what has no timestamp stands where it was received */
	bool is_pattern;  /* text is a pattern */
	bool by_seq;      /* `behind` counts */
	bool by_last;     /* `last` counts */
	bool oldest_first;
	bool with_raw;
};

struct event_filter event_filter_init(void);
void event_filter_deinit(struct event_filter *filter);
void event_filter_copy(const struct event_filter *filter, struct event_filter *out);

/* Reads levels, service, host, fingerprint, group, ts_from, ts_to, q, q_mode (text,
 * regex), cursor, limit, order (asc, desc) and raw (true, false) of a query string; out
 * is deinited on error. *field is then the name of the wrong parameter, and the error
 * its 422 detail. */
MUST_CHECK int event_filter_from_query(const struct query *query,
				       struct event_filter *out, const char **field,
				       struct error *error);
/* restricts the filter to these keys, on top of those it has */
void event_filter_add_keys(struct event_filter *filter, const uint64_t *keys,
			   size_t count);

/* About how many of so many events have the filter's template keys. Of a group that
 * most blocks have more of than can be rare in them the newest blocks are opened; of
 * another one the blocks are looked up by its keys. 0: not known */
void event_filter_set_share(struct event_filter *filter, int64_t events, int64_t among);

void event_filter_set_text(struct event_filter *filter, struct slice text);

/* whether events of the template may be wanted */
bool event_filter_match_template(const struct event_filter *filter, uint64_t key);
/* all but the text: no body is needed */
bool event_filter_match_columns(const struct event_filter *filter, int64_t seq,
				const struct block_event *event);

/* the cursor of a page that ended with this seq */
void event_cursor_write(bool oldest_first, int64_t seq, char out[CURSOR_TEXT_SIZE]);

#endif
