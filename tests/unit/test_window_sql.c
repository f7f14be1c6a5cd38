/* test_window_sql.c - window_judge and the store's functions say the same of random
 * buckets, in whatever flushes these come */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "pg_fixture.h"
#include "pipeline/window.h"
#include "pipeline/window_judge.h"
#include "random_numbers.h"

#define HISTORIES 30
#define BUCKETS_MAX 150
#define VALUES_MAX 3
#define SECOND_US INT64_C(1000000)
/* of the histories; some before the epoch of buckets */
#define ORIGIN_US (INT64_C(1700000000) * SECOND_US)

static struct pg_fixture fixture;

struct story {
	struct rule rule;
	struct window_history history;
	struct window_bucket buckets[BUCKETS_MAX];
	int64_t values[BUCKETS_MAX][VALUES_MAX];
};

static int compare_values(const void *a, const void *b)
{
	const int64_t *left = a;
	const int64_t *right = b;

	return (*left > *right) - (*left < *right);
}

static void tell_values(struct story *story, size_t at)
{
	struct window_bucket *bucket = &story->buckets[at];

	for (size_t i = 0; i < VALUES_MAX && i < story->rule.window.count; i++)
		story->values[at][i] = (int64_t)i * 8 + (int64_t)random_below(8) - 9;
	bucket->values = story->values[at];
	bucket->values_count = 1 + random_below(VALUES_MAX);
	if (bucket->values_count > story->rule.window.count)
		bucket->values_count = story->rule.window.count;
	qsort(story->values[at], bucket->values_count, sizeof(int64_t), compare_values);
}

static void tell_bucket(struct story *story, size_t at, int64_t bucket_us)
{
	int64_t width = window_bucket_width_us(&story->rule.window);
	struct window_bucket *bucket = &story->buckets[at];

	*bucket = (struct window_bucket){ .bucket_us = bucket_us,
					  .count = random_below(4) +
						   (story->rule.window.type ==
						    WINDOW_NEW_GROUP),
					  .others = random_below(6),
					  .first_us = INT64_MAX,
					  .last_us = INT64_MIN,
					  .then_first_us = INT64_MAX,
					  .then_last_us = INT64_MIN };
	if (bucket->count > 0) {
		bucket->first_us = bucket_us + (int64_t)random_below((uint64_t)width);
		bucket->last_us = bucket->first_us +
				  (int64_t)random_below((uint64_t)(bucket_us + width -
								   bucket->first_us));
	}
	if (random_below(3) == 0) {
		bucket->then_first_us =
			bucket_us + (int64_t)random_below((uint64_t)width);
		bucket->then_last_us = bucket->then_first_us;
	}
	if (story->rule.window.type == WINDOW_CARDINALITY)
		tell_values(story, at);
}

static void tell_buckets(struct story *story)
{
	struct window_history *history = &story->history;
	int64_t width = window_bucket_width_us(&story->rule.window);
	int64_t bucket_us = window_bucket_us(ORIGIN_US, width);

	history->count = 1 + random_below(random_below(2) == 0 ? BUCKETS_MAX : 30);
	if (story->rule.window.type == WINDOW_NEW_GROUP)
		history->count = 1;
	for (size_t i = 0; i < history->count; i++) {
		/* mostly near each other, now and then a silence */
		bucket_us +=
			width * (int64_t)(random_below(8) == 0 ? 10 + random_below(40)
							       : 1 + random_below(3));
		tell_bucket(story, i, bucket_us);
	}
	history->buckets = story->buckets;
}

static void tell(enum window_type type, struct story *story)
{
	/* one that is no multiple of the buckets too */
	static const int64_t spans[] = { 12, 60, 61, 300 };
	int64_t span = spans[random_below(ARRAY_LEN(spans))] * SECOND_US;

	*story = (struct story){
		.rule = { .id = "r",
			  .window = { .type = type,
				      .span_us = span,
				      .count = 1 + random_below(5),
				      .factor_ppm = 200000 * (1 + random_below(9)),
				      .baseline_us =
					      span * (3 + (int64_t)random_below(3)) },
			  .quiet_us = span * (int64_t)random_below(3) },
	};
	tell_buckets(story);
	story->history.rule = &story->rule;
	story->history.total = 7;
	story->history.clock_first_us =
		ORIGIN_US - (int64_t)random_below(2) * 10 * span;
	story->history.clock_last_us =
		story->buckets[story->history.count - 1].bucket_us +
		(int64_t)random_below(3) * 2 * span;
}

/* what one flush brings of a bucket */
struct share {
	size_t bucket;
	unsigned flush;
	uint64_t count;
	uint64_t others;
};

#define FLUSHES_MAX 20

/* the order in which flushes bring buckets: as they come live, with some that are late,
 * or any */
enum order { ORDER_LIVE, ORDER_LATE, ORDER_ANY, ORDERS };

static unsigned flush_of(const struct window_history *history, enum order order,
			 unsigned flushes, size_t bucket)
{
	unsigned live = (unsigned)(bucket * flushes / history->count);

	if (order == ORDER_ANY || (order == ORDER_LATE && random_below(10) == 0))
		return (unsigned)random_below(flushes);
	return live;
}

/* each bucket to one flush, or its counts to two */
static size_t share_out(const struct window_history *history, enum order order,
			struct share shares[2 * BUCKETS_MAX])
{
	unsigned flushes = 1 + (unsigned)random_below(FLUSHES_MAX);
	size_t count = 0;

	for (size_t i = 0; i < history->count; i++) {
		const struct window_bucket *bucket = &history->buckets[i];
		struct share first = { .bucket = i,
				       .flush = flush_of(history, order, flushes, i),
				       .count = bucket->count,
				       .others = bucket->others };

		if (bucket->count > 1 && random_below(2) == 0) {
			first.count = 1;
			first.others = 0;
			shares[count++] =
				(struct share){ .bucket = i,
						.flush = flush_of(history, order,
								  flushes, i),
						.count = bucket->count - 1,
						.others = bucket->others };
		}
		shares[count++] = first;
	}
	return count;
}

static void write_values(struct buf *sql, const struct window_bucket *bucket)
{
	for (size_t i = 0; i < bucket->values_count; i++)
		buf_printf(
			sql,
			"INSERT INTO siftd.window_values VALUES (1, 'r', '', %" PRId64
			", %" PRId64 ") ON CONFLICT DO NOTHING;",
			bucket->bucket_us, bucket->values[i]);
}

static void write_start(struct buf *sql, const struct story *story)
{
	const struct window_history *history = &story->history;
	const struct rule_window *window = &story->rule.window;

	buf_printf(sql,
		   "DELETE FROM siftd.findings; DELETE FROM siftd.window_buckets;"
		   " DELETE FROM siftd.window_clocks;"
		   "INSERT INTO siftd.window_clocks VALUES (1, %" PRId64 ", %" PRId64
		   ");",
		   history->clock_first_us, history->clock_last_us);
	buf_printf(sql,
		   "INSERT INTO siftd.findings (project_id, rule_id, key, title,"
		   " severity, confidence, status, first_us, last_us, total, quiet_us,"
		   " window_us, window_count, window_type, window_factor,"
		   " window_baseline_us) VALUES (1, 'r', '', 't', 1, 1, 'provisional',"
		   " 0, 0, %" PRIu64 ", %" PRId64 ", %" PRId64 ", %" PRIu64
		   ", '%s', %" PRIu64 ", %" PRId64 ");",
		   history->total, story->rule.quiet_us, window->span_us, window->count,
		   window_type_name(window->type), window->factor_ppm,
		   window->baseline_us);
}

static void write_share(struct buf *sql, const struct story *story,
			const struct share *share)
{
	const struct window_bucket *b = &story->buckets[share->bucket];

	buf_printf(
		sql,
		"INSERT INTO siftd.window_buckets AS w (project_id, rule_id, key,"
		" bucket_us, width_us, count, others, first_us, last_us,"
		" then_first_us, then_last_us) VALUES (1, 'r', '', %" PRId64
		", %" PRId64 ", %" PRIu64 ", %" PRIu64 ", (%" PRId64
		")::numeric, (%" PRId64 ")::numeric, (%" PRId64 ")::numeric, (%" PRId64
		")::numeric)"
		" ON CONFLICT (project_id, rule_id, key, bucket_us) DO UPDATE"
		" SET count = w.count + excluded.count, others = w.others + excluded.others;",
		b->bucket_us, window_bucket_width_us(&story->rule.window), share->count,
		share->others, b->first_us, b->last_us, b->then_first_us,
		b->then_last_us);
	write_values(sql, b);
}

static void write_flush(struct buf *sql, const struct story *story,
			const struct share *shares, size_t count, unsigned flush)
{
	struct buf rows = { 0 };

	for (size_t i = 0; i < count; i++) {
		if (shares[i].flush != flush)
			continue;
		write_share(sql, story, &shares[i]);
		buf_printf(&rows, "%s(%" PRId64 ", %" PRIu64 ")",
			   rows.len > 0 ? "," : "",
			   story->buckets[shares[i].bucket].bucket_us, shares[i].count);
	}
	if (rows.len == 0)
		return;
	buf_printf(sql,
		   "SELECT siftd.judge_windows(array_agg(1), array_agg('r'::text),"
		   " array_agg(''::text), array_agg(bucket), array_agg(%" PRId64
		   "::bigint), array_agg(count), 1000, 1000) FROM (VALUES %.*s)"
		   " AS b (bucket, count);",
		   window_bucket_width_us(&story->rule.window), (int)rows.len,
		   rows.data);
	buf_deinit(&rows);
}

/* tells the store, by as many flushes as the story is shared out to */
static void store(const struct story *story, enum order order)
{
	struct share shares[2 * BUCKETS_MAX];
	size_t count = share_out(&story->history, order, shares);
	struct buf sql = { 0 };

	write_start(&sql, story);
	for (unsigned i = 0; i < FLUSHES_MAX; i++)
		write_flush(&sql, story, shares, count, i);
	buf_append_char(&sql, '\0');
	pg_fixture_exec(&fixture, sql.data);
	buf_deinit(&sql);
}

/* what the store says, in the form of write_episodes */
static void read_episodes(struct buf *out)
{
	const char *const params[] = { NULL };
	const struct pg_rows *rows = NULL;
	struct error error = { 0 };

	if (pg_sync_query(fixture.sync,
			  "SELECT coalesce(string_agg(first_us || ' ' || last_us || ' '"
			  " || total || ' ' || peak, ';' ORDER BY first_us), '')"
			  " FROM siftd.episodes",
			  params, &rows, &error) < 0)
		fail_msg("%s", error.text);
	buf_append_slice(out, pg_rows_slice(rows, 0, 0));
	buf_append_char(out, '\0');
}

static void write_episodes(struct buf *out, const struct window_episodes *episodes)
{
	for (size_t i = 0; i < episodes->count; i++) {
		const struct window_episode *e = &episodes->items[i];

		buf_printf(out, "%s%" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu64,
			   i > 0 ? ";" : "", e->first_us, e->last_us, e->total,
			   e->peak);
	}
	buf_append_char(out, '\0');
}

/* how many episodes both found */
static size_t compare(const struct story *story, enum order order)
{
	struct window_episodes episodes = { 0 };
	struct buf stored = { 0 };
	struct buf judged = { 0 };
	size_t count = 0;

	store(story, order);
	read_episodes(&stored);
	window_judge(&story->history, &episodes);
	write_episodes(&judged, &episodes);
	assert_string_equal(judged.data, stored.data);
	count = episodes.count;
	window_episodes_deinit(&episodes);
	buf_deinit(&stored);
	buf_deinit(&judged);
	return count;
}

static bool settles(int type)
{
	return type == WINDOW_SPIKE || type == WINDOW_RATE_RATIO ||
	       type == WINDOW_CARDINALITY || type == WINDOW_SEQUENCE;
}

/* episodes of which windows were settled that are not the last ones */
static const char settled_sql[] =
	"SELECT count(*) FROM siftd.episodes WHERE settled_last_us < last_us";

static void test_same(void **state)
{
	size_t silent = 0;

	(void)state;
	random_state = 24;
	for (int type = WINDOW_THRESHOLD; type < WINDOW_TYPES; type++) {
		size_t found = 0;
		int64_t settled = 0;

		for (unsigned i = 0; i < HISTORIES; i++) {
			struct story story;
			size_t count = 0;

			tell((enum window_type)type, &story);
			count = compare(&story, (enum order)(i % ORDERS));
			found += count;
			settled += pg_fixture_int(&fixture, settled_sql);
			silent += count == 0;
		}
		/* it compares something, of each type */
		assert_true(found > HISTORIES / 8);
		assert_int_equal(settled > 0, settles(type));
	}
	assert_true(silent > HISTORIES / 8);
}

static int start(void **state)
{
	(void)state;
	pg_fixture_start(&fixture, 1);
	pg_fixture_exec(&fixture, "SET synchronous_commit = off");
	pg_fixture_exec(&fixture, "INSERT INTO siftd.organisations (name) VALUES ('o');"
				  "INSERT INTO siftd.projects (organisation_id, name)"
				  " VALUES (1, 'p')");
	return 0;
}

static int stop(void **state)
{
	(void)state;
	pg_fixture_stop(&fixture);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
