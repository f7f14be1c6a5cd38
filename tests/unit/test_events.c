/* test_events.c - event queries against a PostgreSQL of their own */
#include "event_store.h"

/* what a query said */
struct said {
	bool done;
	enum events_status status;
	json_t *json;
};

static void on_done(void *context, const struct events_answer *answer)
{
	struct said *said = context;

	assert_false(said->done);
	said->done = true;
	said->status = answer->status;
	if (answer->status == EVENTS_OK) {
		said->json = json_loadb(answer->json.ptr, answer->json.len, 0, NULL);
		assert_non_null(said->json);
	} else {
		assert_true(answer->error.text[0] != '\0');
	}
	(void)event_base_loopbreak(base); /* fails for no base only */
}

static void wait_for(const struct said *said)
{
	assert_false(said->done); /* never from inside a start function */
	while (!said->done)
		assert_int_equal(event_base_dispatch(base), 0);
}

static struct event_filter filter_of(const char *params)
{
	struct query query = { 0 };
	struct arena arena = { 0 };
	struct event_filter filter = { 0 };
	struct error error = { 0 };
	const char *field = NULL;

	assert_int_equal(query_parse(slice_str(params), &arena, &query, &error), 0);
	if (event_filter_from_query(&query, &filter, &field, &error) < 0)
		fail_msg("%s: %s", field, error.text);
	arena_deinit(&arena);
	return filter;
}

static json_t *ask(int64_t ingestion_id, const char *params)
{
	const struct events_scope scope = { PROJECT, ingestion_id };
	struct event_filter filter = filter_of(params);
	struct said said = { 0 };

	assert_non_null(events_query_start(&deps, &scope, &filter, on_done, &said));
	event_filter_deinit(&filter);
	wait_for(&said);
	assert_int_equal(said.status, EVENTS_OK);
	return said.json;
}

/* pages through all; the seqs in the order they came */
static size_t ask_all(int64_t ingestion_id, const char *params, int64_t *seqs)
{
	char text[512];
	char cursor[64] = "";
	size_t count = 0;
	bool more = true;

	while (more) {
		json_t *json = NULL;
		json_t *item = NULL;
		size_t index = 0;

		(void)snprintf(text, sizeof(text), "%s&cursor=%s", params, cursor);
		json = ask(ingestion_id, text);
		json_array_foreach(json_object_get(json, "items"), index, item)
		{
			assert_true(count < EVENTS);
			seqs[count++] =
				json_integer_value(json_object_get(item, "seq"));
		}
		more = json_is_true(json_object_get(json, "has_more"));
		if (more)
			(void)snprintf(cursor, sizeof(cursor), "%s",
				       json_string_value(
					       json_object_get(json, "next_cursor")));
		else
			assert_true(json_is_null(json_object_get(json, "next_cursor")));
		json_decref(json);
	}
	return count;
}

static bool any_event(int64_t seq)
{
	return seq > 0;
}

static bool no_event(int64_t seq)
{
	return seq == 0;
}

static bool is_error(int64_t seq)
{
	return seq % 10 == 0;
}

static bool has_needle(int64_t seq)
{
	return seq % 1000 == 7;
}

static bool has_no_service(int64_t seq)
{
	return seq % 3 == 2;
}

static bool is_early_db(int64_t seq)
{
	return seq <= 5000 && seq % 3 == 1;
}

/* digits are in every filter of words: the bodies must be read */
static bool has_1999(int64_t seq)
{
	return seq == 1999 || (seq >= 19990 && seq <= 19999);
}

static void test_pages_give_all_once(void **state)
{
	static const struct {
		const char *params;
		bool (*matches)(int64_t seq);
	} cases[] = {
		{ "limit=500", any_event },
		{ "limit=500&order=asc", any_event },
		{ "limit=333&levels=ERROR", is_error },
		{ "limit=7&q=rare+nEEDLE", has_needle },
		{ "limit=3&q=100%25_&order=asc", has_needle },
		{ "limit=500&service=unknown", has_no_service },
		{ "limit=499&service=db&order=asc&ts_to=2026-11-22T21:00:00.005Z",
		  is_early_db },
		{ "q=request+1999", has_1999 },
		{ "q=needles", no_event },
		{ "limit=100&group=77", is_error },
		{ "limit=200&group=78&order=asc", is_error },
		{ "limit=500&group=fffffffffffffffe", is_error },
		{ "limit=500&fingerprint=fffffffffffffffe", is_error },
		{ "group=79", no_event },
		{ "group=77&fingerprint=0000000000000005", no_event },
	};
	int64_t *seqs = mem_calloc(EVENTS, sizeof(*seqs));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool oldest_first = strstr(cases[i].params, "asc") != NULL;
		size_t count = ask_all(0, cases[i].params, seqs);
		size_t at = 0;

		for (int64_t n = 1; n <= EVENTS; n++) {
			int64_t seq = oldest_first ? n : EVENTS + 1 - n;

			if (!cases[i].matches(seq))
				continue;
			if (at >= count || seqs[at] != seq)
				fail_msg("%s: seq %lld is missing", cases[i].params,
					 (long long)seq);
			at++;
		}
		assert_int_equal(at, count);
	}
	mem_free(seqs);
}

static void test_scope_is_kept(void **state)
{
	int64_t *seqs = mem_calloc(EVENTS, sizeof(*seqs));
	size_t odd = ask_all(INGESTION_ODD, "limit=500", seqs);
	size_t even = ask_all(INGESTION_EVEN, "limit=500", seqs);
	const struct events_scope foreign = { PROJECT + 1, 0 };
	struct event_filter filter = event_filter_init();
	struct said said = { 0 };

	(void)state;
	assert_true(odd > 0 && even > 0);
	for (size_t i = 0; i < even; i++)
		assert_int_equal(ingestion_of_event(seqs[i]), INGESTION_EVEN);
	assert_int_equal(odd + even, EVENTS);
	assert_non_null(events_query_start(&deps, &foreign, &filter, on_done, &said));
	wait_for(&said);
	assert_int_equal(json_array_size(json_object_get(said.json, "items")), 0);
	json_decref(said.json);
	mem_free(seqs);
}

static const char *text_of(const json_t *item, const char *key)
{
	const char *text = json_string_value(json_object_get(item, key));

	return text == NULL ? "(null)" : text;
}

static void test_item(void **state)
{
	json_t *json = ask(0, "limit=1&q=request+4000&raw=true");
	const json_t *item = json_array_get(json_object_get(json, "items"), 0);

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(item, "seq")), 4000);
	assert_string_equal(text_of(item, "ts"), "2026-11-22T21:00:00.004000Z");
	assert_string_equal(text_of(item, "service"), "db");
	assert_string_equal(text_of(item, "level"), "ERROR");
	assert_string_equal(text_of(item, "fingerprint"), "fffffffffffffffe");
	assert_string_equal(text_of(item, "message"), "request 4000");
	assert_string_equal(text_of(item, "raw"),
			    "2026-11-22T21:00:00.004000Z ERROR request 4000");
	assert_int_equal(json_integer_value(json_object_get(item, "group")), GROUP);
	assert_true(json_is_null(json_object_get(item, "host")));
	json_decref(json);
}

static void test_one(void **state)
{
	const struct events_scope scope = { PROJECT, 0 };
	struct said said = { 0 };

	(void)state;
	assert_non_null(events_one_start(&deps, &scope, 3, on_done, &said));
	wait_for(&said);
	assert_int_equal(said.status, EVENTS_OK);
	assert_int_equal(json_integer_value(json_object_get(said.json, "seq")), 3);
	assert_string_equal(text_of(json_object_get(said.json, "attributes"), "region"),
			    "eu");
	assert_string_equal(text_of(said.json, "leaf_fingerprint"), "0000000000000006");
	assert_true(json_is_null(json_object_get(said.json, "group")));
	assert_string_equal(text_of(said.json, "observed_ts"),
			    "2026-11-22T21:01:40.000000Z");
	assert_non_null(json_object_get(said.json, "parse"));
	json_decref(said.json);
}

static void test_absent_events(void **state)
{
	static const int64_t seqs[] = { EVENTS + 1, 0, -5, INT64_MIN, INT64_MAX };
	const struct events_scope scope = { PROJECT, 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seqs); i++) {
		const struct events_around around = { seqs[i], 2, 2 };
		struct said one = { 0 };
		struct said many = { 0 };

		assert_non_null(
			events_one_start(&deps, &scope, seqs[i], on_done, &one));
		wait_for(&one);
		assert_int_equal(one.status, EVENTS_NOT_FOUND);
		assert_non_null(
			events_around_start(&deps, &scope, &around, on_done, &many));
		wait_for(&many);
		assert_int_equal(many.status, EVENTS_NOT_FOUND);
	}
}

static void test_around(void **state)
{
	static const struct {
		struct events_around around;
		int64_t first;
		int64_t last;
	} cases[] = {
		{ { 5000, 3, 4 }, 4997, 5004 },
		{ { 1, 9, 0 }, 1, 1 },
		{ { EVENTS, 200, 9 }, EVENTS - 200, EVENTS },
		{ { 7777, 0, 200 }, 7777, 7977 },
	};
	const struct events_scope scope = { PROJECT, 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct said said = { 0 };
		json_t *items = NULL;
		json_t *item = NULL;
		size_t index = 0;

		assert_non_null(events_around_start(&deps, &scope, &cases[i].around,
						    on_done, &said));
		wait_for(&said);
		assert_int_equal(said.status, EVENTS_OK);
		items = json_object_get(said.json, "items");
		assert_int_equal(json_array_size(items),
				 cases[i].last - cases[i].first + 1);
		json_array_foreach(items, index, item) assert_int_equal(
			json_integer_value(json_object_get(item, "seq")),
			cases[i].first + (int64_t)index);
		json_decref(said.json);
	}
}

static void test_cancel_at_any_time(void **state)
{
	const struct events_scope scope = { PROJECT, 0 };
	struct event_filter filter = filter_of("q=request+1999");

	(void)state;
	for (unsigned turns = 0; turns < 40; turns++) {
		struct said said = { 0 };
		struct events_query *query =
			events_query_start(&deps, &scope, &filter, on_done, &said);

		for (unsigned i = 0; i < turns && !said.done; i++)
			assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
		if (said.done) {
			json_decref(said.json);
			continue;
		}
		events_query_cancel(&query);
		assert_null(query);
		while (query_workers_pending(workers) > 0)
			assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
		assert_false(said.done);
	}
	event_filter_deinit(&filter);
}

/* two neighbours as the compactor puts one block in their place, one stays as it is */
static void mix_blocks(void)
{
	struct block_builder *builder = block_builder_new(1);
	struct buf raw = { 0 };
	int64_t first_seq = 1;

	pg_fixture_exec(&fixture,
			"UPDATE siftd.event_blocks SET received_day = '2026-11-02'");
	for (uint64_t number = 1; first_seq + 2000 < EVENTS; number++) {
		int64_t first = block_size(number);
		int64_t second = block_size(number + 1);
		struct block_encoded encoded = { 0 };
		struct buf sql = { 0 };

		if (number % 3 == 0) {
			first_seq += first;
			continue;
		}
		for (int64_t seq = first_seq; seq < first_seq + first + second; seq++) {
			struct block_event event = { 0 };

			make_event(seq, &raw, &event);
			assert_true(block_builder_add(builder, &event));
		}
		block_builder_seal(builder, &encoded);
		buf_printf(&sql,
			   "SELECT siftd.replace_blocks(1, '2026-11-02', '{%lld,%lld}',"
			   " '{%lld,%lld}', 1, '{0,0,0,1,0,0,1,0}', '{-2,5}'",
			   (long long)first_seq, (long long)(first_seq + first),
			   (long long)first, (long long)second);
		append_hex(&sql, &encoded.meta);
		append_hex(&sql, &encoded.body);
		append_hex(&sql, &encoded.words);
		buf_append_str(&sql, ", '', NULL, NULL, '{}')::integer");
		buf_append_char(&sql, '\0');
		assert_int_equal(pg_fixture_int(&fixture, sql.data), 1);
		block_encoded_deinit(&encoded);
		buf_deinit(&sql);
		first_seq += first + second;
		number++;
	}
	buf_deinit(&raw);
	block_builder_free(&builder);
	assert_true(pg_fixture_int(&fixture, "SELECT count(*) FROM siftd.event_blocks"
					     " WHERE ingestion_id = 0") > 10);
}

/* every question again; then one of the ingestions is deleted, and its events are gone
 * from the blocks that it shared */
static void test_mixed_blocks(void **state)
{
	int64_t *seqs = mem_calloc(EVENTS, sizeof(*seqs));
	size_t even = 0;

	mix_blocks();
	test_pages_give_all_once(state);
	test_scope_is_kept(state);
	test_around(state);
	even = ask_all(INGESTION_EVEN, "limit=500", seqs);
	pg_fixture_exec(&fixture, "DELETE FROM siftd.ingestions WHERE id = 11");
	assert_int_equal(ask_all(0, "limit=500", seqs), even);
	for (size_t i = 0; i < even; i++)
		assert_int_equal(ingestion_of_event(seqs[i]), INGESTION_EVEN);
	assert_int_equal(ask_all(INGESTION_ODD, "limit=500", seqs), 0);
	mem_free(seqs);
}

static int64_t events_of(int64_t first_seq)
{
	char sql[128];

	(void)snprintf(
		sql, sizeof(sql),
		"SELECT event_count FROM siftd.event_blocks WHERE first_seq = %lld",
		(long long)first_seq); /* fits */
	return pg_fixture_int(&fixture, sql);
}

static void alter_block(int64_t first_seq, const char *set)
{
	struct buf sql = { 0 };

	buf_printf(&sql, "UPDATE siftd.event_blocks SET %s WHERE first_seq = %lld", set,
		   (long long)first_seq);
	buf_append_char(&sql, '\0');
	pg_fixture_exec(&fixture, sql.data);
	buf_deinit(&sql);
}

/* the page goes on behind it and says so, and it is counted; once it is whole again
 * nothing of it is missing */
static void test_damaged_block_is_told(void **state)
{
	/* of a block that ingestions share, and what undoes it */
	static const char *const cases[][2] = {
		{ "meta = set_byte(meta, 30, get_byte(meta, 30) # 255)",
		  "meta = set_byte(meta, 30, get_byte(meta, 30) # 255)" },
		{ "body = set_byte(body, 9, get_byte(body, 9) # 255)",
		  "body = set_byte(body, 9, get_byte(body, 9) # 255)" },
		{ "run_counts[1] = run_counts[1] + 1",
		  "run_counts[1] = run_counts[1] - 1" },
	};
	int64_t mixed =
		pg_fixture_int(&fixture, "SELECT min(first_seq) FROM siftd.event_blocks"
					 " WHERE ingestion_id = 0");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases) * 2; i++) {
		bool is_damaged = i % 2 == 0;
		uint64_t damaged = stats.damaged;
		json_t *json = NULL;
		int64_t seq = 0;

		/* what is kept open is not what is tested here */
		block_cache_free(&blocks_cache);
		blocks_cache = block_cache_new(1 << 20);
		deps.blocks = blocks_cache;
		alter_block(mixed, cases[i / 2][i % 2]);
		json = ask(0, "order=asc&limit=1");
		assert_int_equal(
			json_integer_value(json_object_get(json, "damaged_blocks")),
			is_damaged);
		assert_int_equal(stats.damaged - damaged, is_damaged);
		json_unpack(json, "{s:[{s:I}]}", "items", "seq", &seq);
		assert_int_equal(seq >= mixed && seq < mixed + events_of(mixed),
				 !is_damaged);
		json_decref(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_give_all_once),
		cmocka_unit_test(test_scope_is_kept),
		cmocka_unit_test(test_item),
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_absent_events),
		cmocka_unit_test(test_around),
		cmocka_unit_test(test_cancel_at_any_time),
		cmocka_unit_test(test_mixed_blocks),
		cmocka_unit_test(test_damaged_block_is_told),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
