/* test_pg_flush_crash.c - every batch is stored once: the server is killed, backends
 * are terminated, answers of commits are lost */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cmocka.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>

#include "base/log.h"
#include "base/mem.h"
#include "flush_batch.h"
#include "pg_fixture.h"
#include "sinks/pg_flush.h"

#define EVENTS 10
#define TEMPLATE 77

static struct pg_fixture fixture;
static struct event_base *base;
static struct flush_batch_origin origin;

struct results {
	unsigned committed;
	unsigned other;
	unsigned wanted;
};

static void done(void *context, const struct batch *batch, enum flush_result result)
{
	struct results *results = context;

	(void)batch;
	results->committed += result == FLUSH_COMMITTED;
	results->other += result != FLUSH_COMMITTED;
	if (results->committed + results->other == results->wanted)
		assert_int_equal(event_base_loopbreak(base), 0);
}

static int set_up(void **state)
{
	static int number;
	char text[256];

	(void)state;
	(void)snprintf(text, sizeof(text),
		       "INSERT INTO siftd.projects (organisation_id, name)"
		       " VALUES (1, 'project %d') RETURNING id",
		       ++number);
	origin = (struct flush_batch_origin){ .project_id =
						      pg_fixture_int(&fixture, text) };
	(void)snprintf(text, sizeof(text),
		       "INSERT INTO siftd.ingestions (project_id, name, source_type)"
		       " VALUES (%lld, 'i', 'file') RETURNING id",
		       (long long)origin.project_id);
	origin.ingestion_id = pg_fixture_int(&fixture, text);
	(void)snprintf(text, sizeof(text), "stream %d", number);
	origin.info = stream_info_new("host", "files", text, "");
	base = event_base_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	stream_info_free(&origin.info);
	event_base_free(base);
	return 0;
}

static int64_t mine(const char *from)
{
	char sql[512];

	(void)snprintf(sql, sizeof(sql), "SELECT %s WHERE project_id = %lld", from,
		       (long long)origin.project_id);
	return pg_fixture_int(&fixture, sql);
}

/* submits so many batches, runs until all are done, and counts what was stored */
static void check_once(const char *conninfo, unsigned batches)
{
	struct results results = { .wanted = batches };
	struct pg_flush *flush = pg_flush_new(base, conninfo, done, &results);
	struct timeval limit = { .tv_sec = 60 };
	char sql[256];

	for (unsigned i = 0; i < batches; i++) {
		struct batch *batch = flush_batch_new(&origin);

		flush_batch_add_template(batch, origin.project_id, TEMPLATE, TEMPLATE);
		flush_batch_add_block(batch, &origin, TEMPLATE, EVENTS);
		pg_flush_submit(flush, batch);
	}
	event_base_loopexit(base, &limit);
	event_base_dispatch(base);
	assert_int_equal(results.committed, batches);
	assert_int_equal(results.other, 0);
	pg_flush_free(&flush);

	assert_int_equal(mine("count(*) FROM siftd.event_blocks"), batches);
	assert_int_equal(mine("sum(event_count) FROM siftd.event_blocks"),
			 batches * EVENTS);
	assert_int_equal(mine("max(first_seq + event_count) FROM siftd.event_blocks"),
			 batches * EVENTS + 1);
	assert_int_equal(mine("sum(count) FROM siftd.group_counts"), batches * EVENTS);
	assert_int_equal(mine("sum(count) FROM siftd.group_stats"), batches * EVENTS);
	assert_int_equal(mine("sum(stored_events) FROM siftd.ingestions"),
			 batches * EVENTS);
	(void)snprintf(sql, sizeof(sql),
		       "SELECT position_offset FROM siftd.source_positions"
		       " WHERE stream = '%s'",
		       origin.info->stream);
	assert_int_equal(pg_fixture_int(&fixture, sql), batches * 100);
	(void)snprintf(sql, sizeof(sql),
		       "SELECT stored_records FROM siftd.ledger WHERE stream = '%s'",
		       origin.info->stream);
	assert_int_equal(pg_fixture_int(&fixture, sql), batches * EVENTS);
}

/* what a trouble-maker does, and how often it still will */
struct trouble {
	const char *sql; /* NULL: the server is killed */
	unsigned left;
};

static void make_trouble(evutil_socket_t fd, short what, void *arg)
{
	struct trouble *trouble = arg;

	(void)fd;
	(void)what;
	if (trouble->left == 0)
		return;
	trouble->left--;
	if (trouble->sql == NULL)
		pg_fixture_crash(&fixture);
	else
		pg_fixture_exec(&fixture, trouble->sql);
}

static void check_with_trouble(struct trouble *trouble, long every_us, unsigned batches)
{
	struct timeval every = { .tv_usec = every_us };
	struct event *timer = event_new(base, -1, EV_PERSIST, make_trouble, trouble);

	event_add(timer, &every);
	check_once(embedded_pg_conninfo(fixture.pg), batches);
	assert_int_equal(trouble->left, 0);
	event_free(timer);
}

static void test_server_killed(void **state)
{
	struct trouble trouble = { .left = 2 };

	(void)state;
	check_with_trouble(&trouble, 40000, 1000);
}

static void test_backends_terminated(void **state)
{
	struct trouble trouble = { .sql = "SELECT pg_terminate_backend(pid)"
					  " FROM pg_stat_activity"
					  " WHERE pid <> pg_backend_pid()"
					  " AND backend_type = 'client backend'",
				   .left = 10 };

	(void)state;
	check_with_trouble(&trouble, 60000, 1000);
}

/* a relay between the flush and the server that knows where a transaction ends */
struct relay {
	struct sockaddr_un server;
	unsigned ends; /* syncs seen */
	struct relay_pair *open;
};

struct relay_pair {
	struct relay *relay;
	struct bufferevent *client;
	struct bufferevent *server;
	bool swallow; /* the next answer is lost */
};

static void pair_close(struct relay_pair *pair)
{
	if (pair->client != NULL)
		bufferevent_free(pair->client);
	bufferevent_free(pair->server);
	if (pair->relay->open == pair)
		pair->relay->open = NULL;
	mem_free(pair);
}

/* Every third transaction's answer is lost: in turns after it came from the server, and
 * with the client gone while the server still works. */
static void from_client(struct bufferevent *bev, void *arg)
{
	static const char sync[] = { 'S', 0, 0, 0, 4 };
	struct relay_pair *pair = arg;
	struct evbuffer *input = bufferevent_get_input(bev);
	size_t len = evbuffer_get_length(input);
	const char *bytes = (const char *)evbuffer_pullup(input, -1);
	bool ends = len >= sizeof(sync) &&
		    memcmp(bytes + len - sizeof(sync), sync, sizeof(sync)) == 0;

	bufferevent_write_buffer(pair->server, input);
	if (!ends || ++pair->relay->ends % 3 != 0)
		return;
	pair->swallow = true;
	if (pair->relay->ends % 2 == 0) {
		bufferevent_free(pair->client);
		pair->client = NULL;
	}
}

static void from_server(struct bufferevent *bev, void *arg)
{
	struct relay_pair *pair = arg;

	if (pair->swallow)
		pair_close(pair);
	else
		bufferevent_write_buffer(pair->client, bufferevent_get_input(bev));
}

static void on_end(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0)
		pair_close(arg);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
		      struct sockaddr *address, int len, void *arg)
{
	struct relay *relay = arg;
	struct relay_pair *pair = mem_calloc(1, sizeof(*pair));

	(void)listener;
	(void)address;
	(void)len;
	pair->relay = relay;
	relay->open = pair;
	pair->client = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	pair->server = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(pair->client, from_client, NULL, on_end, pair);
	bufferevent_setcb(pair->server, from_server, NULL, on_end, pair);
	assert_int_equal(bufferevent_socket_connect(pair->server,
						    (struct sockaddr *)&relay->server,
						    sizeof(relay->server)),
			 0);
	bufferevent_enable(pair->client, EV_READ | EV_WRITE);
	bufferevent_enable(pair->server, EV_READ | EV_WRITE);
}

static void test_answers_lost(void **state)
{
	struct relay relay = { .server = { .sun_family = AF_UNIX } };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct evconnlistener *listener = NULL;
	char folder[96];
	char conninfo[256];

	(void)state;
	(void)snprintf(folder, sizeof(folder), "%.60s/relay", fixture.folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	(void)snprintf(relay.server.sun_path, sizeof(relay.server.sun_path),
		       "%.60s/postgresql/run/.s.PGSQL.5432", fixture.folder);
	(void)snprintf(address.sun_path, sizeof(address.sun_path),
		       "%.80s/.s.PGSQL.5432", folder);
	listener = evconnlistener_new_bind(
		base, on_accept, &relay, LEV_OPT_CLOSE_ON_FREE, -1,
		(struct sockaddr *)&address, sizeof(address));
	assert_non_null(listener);
	(void)snprintf(conninfo, sizeof(conninfo), "host=%s user=siftd dbname=siftd",
		       folder);
	check_once(conninfo, 60);
	/* each lost answer costs at least one transaction more */
	assert_true(relay.ends > 80);
	if (relay.open != NULL)
		pair_close(relay.open);
	evconnlistener_free(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_server_killed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_backends_terminated, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_answers_lost, set_up, tear_down),
	};
	int failed = 0;

	pg_fixture_start(&fixture, 1);
	log_set_level(LOG_LEVEL_ERROR); /* lost connections are what this is about */
	pg_fixture_exec(&fixture,
			"INSERT INTO siftd.organisations (name) VALUES ('o')");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	pg_fixture_stop(&fixture);
	return failed;
}
