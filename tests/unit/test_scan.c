/* test_scan.c - filters from query strings; scans of blocks against brute force */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sodium.h>

#include "api/event_filter.h"
#include "api/event_matcher.h"
#include "api/scan.h"
#include "base/buf.h"
#include "base/mem.h"
#include "pipeline/block_extract.h"
#include "random_numbers.h"

#define EVENTS 3000
#define ROUNDS 400
#define SEQ_BEGIN INT64_C(1000)

/* a store of blocks, and the same events plain */
struct store {
	struct block_event events[EVENTS];
	struct arena arena;
	struct block_encoded blocks[EVENTS];
	int64_t first_seqs[EVENTS];
	size_t blocks_count;
};

static const char *const services[] = { "api", "db", "web", NULL };
static const char *const hosts[] = { "h1", "h2", NULL };
static const char *const phrases[] = { "Connection refused by %",
				       "connection RESET_by peer",
				       "OutOfMemoryError",
				       "id=4711 user\xc3\xa9 done",
				       "multi\n  line",
				       "a",
				       "",
				       "100% of _disk_ used",
				       "timed out after 30 s" };

static struct slice optional(const char *text)
{
	return text == NULL ? slice_of(NULL, 0) : slice_str(text);
}

static void fill_event(struct store *store, struct block_event *event)
{
	struct buf raw = { 0 };

	buf_printf(&raw, "%s #%u %s", phrases[random_below(ARRAY_LEN(phrases))],
		   (unsigned)random_below(500),
		   phrases[random_below(ARRAY_LEN(phrases))]);
	event->raw = arena_dup(&store->arena, buf_slice(&raw));
	buf_deinit(&raw);
	event->timestamp_us =
		random_below(9) == 0 ? TIMESTAMP_NONE : (int64_t)random_below(1000);
	event->severity = (enum severity)random_below(SEVERITY_COUNT);
	event->template_key = random_below(30);
	event->fingerprint = random_below(60);
	event->service_name = optional(services[random_below(ARRAY_LEN(services))]);
	event->host_name = optional(hosts[random_below(ARRAY_LEN(hosts))]);
}

static struct store *store_new(void)
{
	struct store *store = calloc(1, sizeof(*store));
	struct block_builder *builder = block_builder_new(1);
	struct block_extractor *extractor = block_extractor_new();
	size_t next = 0;

	assert_non_null(store);
	for (size_t i = 0; i < EVENTS; i++)
		fill_event(store, &store->events[i]);
	while (next < EVENTS) {
		size_t run = 1 + random_below(1200);

		store->first_seqs[store->blocks_count] = SEQ_BEGIN + (int64_t)next;
		for (; run > 0 && next < EVENTS; run--)
			assert_true(block_builder_add(builder, &store->events[next++]));
		block_extractor_seal(extractor, builder,
				     &store->blocks[store->blocks_count++]);
	}
	block_extractor_free(&extractor);
	block_builder_free(&builder);
	return store;
}

static void store_free(struct store *store)
{
	for (size_t i = 0; i < store->blocks_count; i++)
		block_encoded_deinit(&store->blocks[i]);
	arena_deinit(&store->arena);
	free(store);
}

static struct slice random_text(void)
{
	struct slice phrase = slice_str(phrases[random_below(ARRAY_LEN(phrases))]);
	size_t begin = random_below(phrase.len + 1);

	return slice_head(slice_from(phrase, begin), random_below(9));
}

static struct event_filter random_filter(void)
{
	struct event_filter filter = event_filter_init();
	const uint64_t keys[] = { random_below(40), random_below(40),
				  random_below(40) };

	if (random_below(3) == 0)
		filter.levels = (unsigned)random_below(1u << SEVERITY_COUNT);
	if (random_below(5) == 0)
		filter.service_none = true;
	else if (random_below(4) == 0)
		filter.service = slice_str(services[random_below(3)]);
	if (random_below(5) == 0)
		filter.host = SLICE("h2");
	if (random_below(4) == 0)
		event_filter_add_keys(&filter, keys, random_below(4));
	if (random_below(4) == 0) {
		filter.by_time = true;
		filter.from_us = (int64_t)random_below(900);
		filter.to_us = filter.from_us + (int64_t)random_below(300);
	}
	if (random_below(2) == 0)
		event_filter_set_text(&filter, random_text());
	filter.oldest_first = random_below(2) == 0;
	filter.by_seq = random_below(2) == 0;
	filter.behind = SEQ_BEGIN - 5 + (int64_t)random_below(EVENTS + 10);
	filter.limit = 1 + (unsigned)random_below(200);
	return filter;
}

/* the oracle: written without the code under test */
static bool contains_nocase(struct slice raw, struct slice text)
{
	for (size_t begin = 0; begin + text.len <= raw.len; begin++) {
		if (slice_equal_nocase(slice_head(slice_from(raw, begin), text.len),
				       text))
			return true;
	}
	return false;
}

static bool same_text(struct slice wanted, struct slice name)
{
	return name.ptr != NULL && slice_equal(wanted, name);
}

static bool oracle_key(const struct event_filter *filter, uint64_t key)
{
	for (size_t i = 0; i < filter->template_keys_count; i++) {
		if (filter->template_keys[i] == key)
			return true;
	}
	return false;
}

static bool oracle_match(const struct event_filter *filter, int64_t seq,
			 const struct block_event *event)
{
	bool ok = true;

	if (filter->by_seq)
		ok = filter->oldest_first ? seq > filter->behind : seq < filter->behind;
	if (filter->levels != 0)
		ok = ok && (filter->levels & (1u << event->severity)) != 0;
	if (filter->service_none)
		ok = ok && event->service_name.ptr == NULL;
	if (filter->service.ptr != NULL)
		ok = ok && same_text(filter->service, event->service_name);
	if (filter->host.ptr != NULL)
		ok = ok && same_text(filter->host, event->host_name);
	if (filter->by_template_key)
		ok = ok && oracle_key(filter, event->template_key);
	if (filter->by_time)
		ok = ok && event->timestamp_us != TIMESTAMP_NONE &&
		     event->timestamp_us >= filter->from_us &&
		     event->timestamp_us <= filter->to_us;
	return ok && contains_nocase(event->raw, filter->text);
}

/* whose events are found; 0: all */
static int64_t wanted_ingestion;

/* every second block is of several ingestions, and of one that was deleted: 0 */
static bool is_mixed(size_t block)
{
	return block % 2 == 1;
}

static int64_t owner_of(size_t block, int64_t seq)
{
	static const int64_t owners[] = { 5, 6, 0, 7 };

	if (!is_mixed(block))
		return 5;
	return owners[(uint64_t)(seq / 13 * 7 + seq / 50) % ARRAY_LEN(owners)];
}

static size_t make_runs(const struct store *store, size_t at, struct scan_run *runs)
{
	size_t count = 0;

	for (uint32_t i = 0; i < store->blocks[at].count; i++) {
		int64_t owner = owner_of(at, store->first_seqs[at] + i);

		if (count == 0 || runs[count - 1].ingestion_id != owner)
			runs[count++].ingestion_id = owner;
		runs[count - 1].end = i + 1;
	}
	return count;
}

/* as a query does it: words, then columns, then the part of the body that is needed */
static void scan_one(const struct store *store, size_t at,
		     const struct event_filter *filter, struct scan_page *page)
{
	const struct block_encoded *encoded = &store->blocks[at];
	struct scan_run *runs = mem_calloc(encoded->count, sizeof(*runs));
	const struct scan_block block = {
		.first_seq = store->first_seqs[at],
		.ingestion_id = is_mixed(at) ? 0 : 5,
		.count = encoded->count,
		.runs = runs,
		.runs_count = is_mixed(at) ? make_runs(store, at, runs) : 0,
		.wanted_ingestion = wanted_ingestion,
	};
	struct block_part part = { 0 };
	struct opened_block *opened = NULL;
	struct scan *scan = NULL;
	struct error error = { 0 };
	char *bytes = NULL;
	size_t len = 0;

	/* of the blocks of one ingestion only those in scope are looked at */
	if (!block_words_may_hold(buf_slice(&encoded->words), filter->text) ||
	    (!is_mixed(at) && wanted_ingestion != 0 && wanted_ingestion != 5)) {
		mem_free(runs);
		return;
	}
	if (opened_block_new(buf_slice(&encoded->meta), &opened, &error) < 0)
		fail_msg("%s", error.text);
	scan = scan_new(filter, &block, opened, SIZE_MAX);
	assert_true(scan_needs(scan, &part.offset, &len) ==
		    (scan_candidates(scan) > 0));
	assert_true(part.offset + len <= encoded->body.len);
	/* exactly those, so that a sanitizer sees a byte too far */
	bytes = mem_alloc(len);
	if (len > 0)
		memcpy(bytes, encoded->body.data + part.offset, len);
	part.bytes = slice_of(bytes, len);
	if (scan_collect(scan, &part, page, &error) < 0)
		fail_msg("%s", error.text);
	assert_true(scan_page_full(page) || !scan_needs(scan, &part.offset, &len));
	scan_free(&scan);
	opened_block_free(&opened);
	mem_free(bytes);
	mem_free(runs);
}

static void assert_hit(const struct scan_hit *hit, int64_t seq, int64_t owner,
		       const struct block_event *wanted)
{
	assert_int_equal(hit->seq, seq);
	assert_int_equal(hit->ingestion_id, owner);
	assert_true(slice_equal(hit->event.raw, wanted->raw));
	assert_int_equal(hit->event.timestamp_us, wanted->timestamp_us);
	assert_int_equal(hit->event.severity, wanted->severity);
	assert_int_equal(hit->event.template_key, wanted->template_key);
	assert_true(slice_equal(hit->event.service_name, wanted->service_name));
	assert_true(slice_equal(hit->event.host_name, wanted->host_name));
}

static size_t assert_same_as_brute_force(const struct store *store,
					 const struct event_filter *filter,
					 const struct scan_page *page)
{
	size_t found = 0;
	size_t block = filter->oldest_first ? 0 : store->blocks_count - 1;

	for (size_t i = 0; i < EVENTS && found < filter->limit; i++) {
		size_t at = filter->oldest_first ? i : EVENTS - 1 - i;
		int64_t seq = SEQ_BEGIN + (int64_t)at;
		int64_t owner = 0;

		while (seq < store->first_seqs[block])
			block--;
		while (block + 1 < store->blocks_count &&
		       seq >= store->first_seqs[block + 1])
			block++;
		owner = owner_of(block, seq);
		if (owner == 0 ||
		    (wanted_ingestion != 0 && owner != wanted_ingestion) ||
		    !oracle_match(filter, seq, &store->events[at]))
			continue;
		assert_true(found < page->count);
		if (page->hits != NULL) /* for the analyser: count says so */
			assert_hit(&page->hits[found], seq, owner, &store->events[at]);
		found++;
	}
	assert_int_equal(found, page->count);
	return found;
}

static void test_scan_finds_what_brute_force_finds(void **state)
{
	struct store *store = NULL;
	size_t found = 0;

	(void)state;
	random_state = 7;
	store = store_new();
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct event_filter filter = random_filter();
		struct scan_page page = { .count_max = filter.limit,
					  .bytes_max = SIZE_MAX };
		struct error error = { 0 };

		wanted_ingestion = round % 3 == 0 ? 0 : 4 + round % 3;
		assert_int_equal(
			event_matcher_new(filter.text, false, &page.matcher, &error),
			0);
		for (size_t i = 0; i < store->blocks_count; i++) {
			size_t at =
				filter.oldest_first ? i : store->blocks_count - 1 - i;

			scan_one(store, at, &filter, &page);
		}
		found += assert_same_as_brute_force(store, &filter, &page);
		event_matcher_free(&page.matcher);
		scan_page_deinit(&page);
		event_filter_deinit(&filter);
	}
	assert_true(found > ROUNDS); /* the filters are not all void */
	store_free(store);
}

static void test_page_is_bounded_by_bytes(void **state)
{
	struct store *store = NULL;
	struct event_filter filter = event_filter_init();
	struct scan_page page = { .count_max = 500, .bytes_max = 100 };

	(void)state;
	random_state = 8;
	wanted_ingestion = 0;
	store = store_new();
	scan_one(store, store->blocks_count - 1, &filter, &page);
	assert_true(scan_page_full(&page));
	assert_true(page.bytes >= 100 && page.bytes < 200);
	scan_page_deinit(&page);
	event_filter_deinit(&filter);
	store_free(store);
}

/* the filter of a query string, or the name of the field that is wrong */
static const char *parse(const char *text, struct event_filter *out)
{
	struct query query = { 0 };
	struct arena arena = { 0 };
	struct error error = { 0 };
	const char *field = NULL;

	assert_int_equal(query_parse(slice_str(text), &arena, &query, &error), 0);
	if (event_filter_from_query(&query, out, &field, &error) < 0) {
		assert_true(error.text[0] != '\0');
		assert_null(out->arena.head);
	} else {
		assert_null(field);
	}
	arena_deinit(&arena);
	return field;
}

static void test_wrong_parameters_are_named(void **state)
{
	static const struct {
		const char *query;
		const char *field;
	} cases[] = {
		{ "levels=ERROR,FOO", "levels" },
		{ "fingerprint=12", "fingerprint" },
		{ "group=x", "group" },
		{ "group=-1", "group" },
		{ "ts_from=yesterday", "ts_from" },
		{ "ts_from=2026-13-01T00:00:00Z", "ts_from" },
		{ "ts_to=2026-11-22", "ts_to" },
		{ "ts_to=2026-11-22T21:00:00", "ts_to" },
		{ "ts_to=2026-11-22T21:00:00.Z", "ts_to" },
		{ "ts_to=2026-11-22T21:00:00Zx", "ts_to" },
		{ "limit=0", "limit" },
		{ "limit=501", "limit" },
		{ "limit=ten", "limit" },
		{ "order=up", "order" },
		{ "raw=1", "raw" },
		{ "cursor=zzz", "cursor" },
	};
	char text[EVENT_FILTER_TEXT_MAX + 4] = "q=";
	struct event_filter filter = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *field = parse(cases[i].query, &filter);

		assert_non_null(field);
		if (field != NULL)
			assert_string_equal(field, cases[i].field);
	}
	memset(text + 2, 'x', EVENT_FILTER_TEXT_MAX + 1);
	assert_string_equal(parse(text, &filter), "q");
}

static void test_parameters(void **state)
{
	struct event_filter filter = { 0 };

	(void)state;
	assert_null(parse("", &filter));
	assert_int_equal(filter.limit, EVENT_FILTER_LIMIT_DEFAULT);
	assert_false(filter.oldest_first || filter.by_seq || filter.by_time);
	event_filter_deinit(&filter);

	assert_null(
		parse("levels=error,none&service=unknown&host=h1&limit=500"
		      "&q=100%25+Of_&fingerprint=00000000000000ff&group=12&raw=true",
		      &filter));
	assert_int_equal(filter.levels, 1u << SEVERITY_ERROR | 1u << SEVERITY_NONE);
	assert_true(filter.service_none && filter.service.ptr == NULL);
	assert_true(slice_equal(filter.host, SLICE("h1")));
	assert_true(slice_equal(filter.text, SLICE("100% Of_")));
	assert_int_equal(filter.template_keys_count, 1);
	assert_int_equal(filter.template_keys[0], 255);
	assert_int_equal(filter.group_id, 12);
	assert_true(filter.with_raw);
	event_filter_deinit(&filter);

	assert_null(parse("ts_from=1970-01-01T00:00:01.5Z&group=00000000000000fe"
			  "&ts_to=1970-01-01T02:00:00.1234567+01:00",
			  &filter));
	assert_int_equal(filter.from_us, 1500000);
	assert_int_equal(filter.to_us, INT64_C(3600123456));
	assert_true(filter.by_group_key);
	assert_int_equal(filter.group_key, 254);
	event_filter_deinit(&filter);
}

static void test_cursor_keeps_to_its_order(void **state)
{
	struct event_filter filter = { 0 };
	char cursor[CURSOR_TEXT_SIZE];
	char text[64];

	(void)state;
	event_cursor_write(true, 4711, cursor);
	(void)snprintf(text, sizeof(text), "order=asc&cursor=%s", cursor); /* fits */
	assert_null(parse(text, &filter));
	assert_true(filter.by_seq && filter.oldest_first);
	assert_int_equal(filter.behind, 4711);
	event_filter_deinit(&filter);
	(void)snprintf(text, sizeof(text), "cursor=%s", cursor); /* fits */
	assert_string_equal(parse(text, &filter), "cursor");
}

static void test_copy_is_deep(void **state)
{
	struct event_filter filter = { 0 };
	struct event_filter copy = { 0 };
	const uint64_t keys[] = { 300, 255 };

	(void)state;
	assert_null(parse("q=ABC&service=api&fingerprint=00000000000000ff", &filter));
	event_filter_copy(&filter, &copy);
	event_filter_deinit(&filter);
	assert_true(slice_equal(copy.text, SLICE("ABC")));
	assert_true(slice_equal(copy.service, SLICE("api")));
	event_filter_add_keys(&copy, keys, ARRAY_LEN(keys));
	assert_int_equal(copy.template_keys_count, 1); /* what both have */
	assert_int_equal(copy.template_keys[0], 255);
	event_filter_deinit(&copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_parameters_are_named),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_cursor_keeps_to_its_order),
		cmocka_unit_test(test_copy_is_deep),
		cmocka_unit_test(test_scan_finds_what_brute_force_finds),
		cmocka_unit_test(test_page_is_bounded_by_bytes),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
