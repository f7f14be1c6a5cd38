/* event_store.h - a PostgreSQL with events of two ingestions in it, and what asks it
 *
 * For one test program: all of it is static. Threads: the test's own.
 */
#ifndef SIFTD_TESTS_EVENT_STORE_H
#define SIFTD_TESTS_EVENT_STORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>
#include <jansson.h>
#include <sodium.h>
#include <string.h>

#include "api/events.h"
#include "base/mem.h"
#include "block_sql.h"
#include "daemon/embedded_pg.h"
#include "pg_fixture.h"

#define EVENTS 20000
#define PROJECT 1
/* blocks of the two ingestions take turns */
#define INGESTION_ODD 11
#define INGESTION_EVEN 12
#define GROUP 77

static struct pg_fixture fixture;
static struct event_base *base;
static struct pg_pool *pool;
static struct query_workers *workers;
static struct words_cache *words;
static struct block_cache *blocks_cache;
static struct events_stats stats;
static struct events_deps deps;

/* event n (its seq) is made from n alone, so that the tests know what must be found */
static const char *const services[] = { "api", "db", NULL };

static int64_t ingestion_of(uint64_t block)
{
	return block % 2 == 1 ? INGESTION_ODD : INGESTION_EVEN;
}

static void make_event(int64_t seq, struct buf *raw, struct block_event *event)
{
	const char *service = services[seq % 3];

	buf_clear(raw);
	buf_printf(raw, "2026-11-22T21:00:00.%06uZ %s request %u%s", (unsigned)seq,
		   seq % 10 == 0 ? "ERROR" : "INFO", (unsigned)seq,
		   seq % 1000 == 7 ? " Rare Needle 100%_" : "");
	*event = (struct block_event){
		.timestamp_us = INT64_C(1795381200000000) + seq,
		.observed_timestamp_us = INT64_C(1795381300000000),
		.severity = seq % 10 == 0 ? SEVERITY_ERROR : SEVERITY_INFO,
		.template_key = seq % 10 == 0 ? UINT64_MAX - 1 : 5,
		.fingerprint = 6,
		.service_name =
			service == NULL ? slice_of(NULL, 0) : slice_str(service),
		.raw = buf_slice(raw),
		.extra = seq == 3 ? SLICE("{\"region\":\"eu\",\"n\":4}") : SLICE(""),
	};
}

/* so many, as the blocks are stored */
static int64_t block_size(uint64_t number)
{
	return 100 + (int64_t)(number * 37 % 900);
}

static int64_t ingestion_of_event(int64_t seq)
{
	uint64_t number = 1;

	for (; seq > block_size(number); number++)
		seq -= block_size(number);
	return ingestion_of(number);
}

static void store_events(void)
{
	struct block_builder *builder = block_builder_new(1);
	struct buf sql = { 0 };
	struct buf raw = { 0 };
	int64_t first_seq = 1;

	for (uint64_t number = 1; first_seq <= EVENTS; number++) {
		struct block_encoded encoded = { 0 };
		int64_t seq = first_seq;
		int64_t end = first_seq + block_size(number);

		for (; seq < end && seq <= EVENTS; seq++) {
			struct block_event event = { 0 };

			make_event(seq, &raw, &event);
			assert_true(block_builder_add(builder, &event));
		}
		block_builder_seal(builder, &encoded);
		append_block(&sql, ingestion_of(number), first_seq, &encoded);
		block_encoded_deinit(&encoded);
		first_seq = seq;
	}
	buf_append_char(&sql, '\0');
	pg_fixture_exec(&fixture, sql.data);
	buf_deinit(&sql);
	buf_deinit(&raw);
	block_builder_free(&builder);
}

static void store_groups(void)
{
	pg_fixture_exec(
		&fixture,
		"INSERT INTO siftd.organisations (name) VALUES ('o');"
		"INSERT INTO siftd.projects (organisation_id, name) SELECT id, 'p'"
		" FROM siftd.organisations;"
		"INSERT INTO siftd.ingestions (id, project_id, name, source_type)"
		" OVERRIDING SYSTEM VALUE SELECT n, 1, n, 'paste'"
		" FROM generate_series(1, 20) AS n;"
		"INSERT INTO siftd.groups (id, project_id, root_key)"
		" OVERRIDING SYSTEM VALUE VALUES (77, 1, -2);"
		"INSERT INTO siftd.groups (id, project_id, root_key, merged_into)"
		" OVERRIDING SYSTEM VALUE VALUES (78, 1, -3, 77);"
		"INSERT INTO siftd.templates (project_id, key, group_id, root_key,"
		" generalised, tokens, text, sample, reason)"
		" VALUES (1, -2, 77, -2, false, '', '', '', '');");
}

static int set_up(void **state)
{
	struct pg_config config = { .connections_max = 2,
				    .pending_max = 100,
				    .query_ms_max = 10000 };

	(void)state;
	if (sodium_init() < 0)
		return -1;
	pg_fixture_start(&fixture, 1);
	store_groups();
	store_events();
	base = event_base_new();
	config.conninfo = embedded_pg_conninfo(fixture.pg);
	pool = pg_pool_new(base, &config);
	workers = query_workers_new(base, 2, 50);
	words = words_cache_new(1 << 20);
	blocks_cache = block_cache_new(1 << 20);
	deps = (struct events_deps){ .pool = pool,
				     .workers = workers,
				     .words = words,
				     .blocks = blocks_cache,
				     .limits = { 10000000, (size_t)64 << 20 },
				     .stats = &stats };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	query_workers_free(&workers);
	words_cache_free(&words);
	block_cache_free(&blocks_cache);
	pg_pool_free(&pool);
	event_base_free(base);
	pg_fixture_stop(&fixture);
	return 0;
}

#endif
