/* test_syslog_stream.c - real sockets into a real spool: framing, limits, back-pressure
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "sources/spool.h"
#include "sources/syslog_stream.h"
#include "tests/unit/temp_folder.h"

#define WAIT_US (INT64_C(5) * 1000000)

/* plays the lanes: the records, each followed by '|' */
struct lanes {
	pthread_mutex_t mutex;
	struct buf records;
	uint64_t stream;
	struct position end;
	uint64_t lost_bytes;
	bool broken;
};

struct fixture {
	char folder[TEMP_FOLDER_MAX];
	struct spool_config spool_config;
	struct syslog_stream_config config;
	struct event_base *base;
	struct spool *spool;
	struct source *source;
	struct lanes lanes;
	bool committing;
};

static bool lanes_put(void *context, struct chunk *chunk)
{
	struct lanes *lanes = context;

	pthread_mutex_lock(&lanes->mutex);
	for (size_t i = 0; i < chunk->items_count; i++) {
		const struct chunk_item *item = &chunk->items[i];

		if ((item->flags & CHUNK_ITEM_WHOLE_RECORD) == 0 ||
		    item->project_id != 7 || item->ingestion_id != 9)
			lanes->broken = true;
		lanes->end = item->end;
		if ((item->flags & CHUNK_ITEM_DROPPED) != 0) {
			lanes->lost_bytes += item->skipped;
			continue;
		}
		buf_append(&lanes->records, chunk->data + item->offset, item->len);
		buf_append_char(&lanes->records, '|');
	}
	lanes->stream = chunk->stream;
	pthread_mutex_unlock(&lanes->mutex);
	chunk_free(&chunk);
	return true;
}

static void commit_all(struct fixture *fixture)
{
	struct source *source = spool_source(fixture->spool);
	struct position end = { 0 };
	uint64_t stream = 0;

	pthread_mutex_lock(&fixture->lanes.mutex);
	stream = fixture->lanes.stream;
	end = fixture->lanes.end;
	pthread_mutex_unlock(&fixture->lanes.mutex);
	if (stream != 0)
		source->ops->committed(source, stream, end);
}

static void turn(struct fixture *fixture)
{
	(void)event_base_loop(fixture->base, EVLOOP_NONBLOCK);
	if (fixture->committing)
		commit_all(fixture);
	(void)usleep(500);
}

/* so many bytes of records and separators arrived */
static size_t received(struct fixture *fixture)
{
	size_t len = 0;

	pthread_mutex_lock(&fixture->lanes.mutex);
	len = fixture->lanes.records.len;
	pthread_mutex_unlock(&fixture->lanes.mutex);
	return len;
}

static bool arrives(struct fixture *fixture, size_t bytes)
{
	int64_t until_us = clock_monotonic_us() + WAIT_US;
	size_t len = 0;

	while (len < bytes && clock_monotonic_us() < until_us) {
		turn(fixture);
		len = received(fixture);
	}
	return len == bytes && !fixture->lanes.broken;
}

static bool records_are(struct fixture *fixture, const char *text)
{
	return arrives(fixture, strlen(text)) &&
	       slice_equal(buf_slice(&fixture->lanes.records), slice_str(text));
}

static int setup(void **state)
{
	struct fixture *fixture = mem_calloc(1, sizeof(*fixture));

	if (temp_folder_make(fixture->folder) < 0)
		return -1;
	fixture->spool_config = (struct spool_config){
		.folder = fixture->folder,
		.host_id = "host",
		.partitions = 1,
		.segment_bytes = 1 << 20,
		.bytes_max = 64 << 20,
		.frame_bytes_max = 256 << 10,
	};
	fixture->config = syslog_stream_defaults();
	fixture->config.address.listen = "127.0.0.1:0";
	fixture->config.project_id = 7;
	fixture->config.ingestion_id = 9;
	fixture->base = event_base_new();
	pthread_mutex_init(&fixture->lanes.mutex, NULL);
	*state = fixture;
	return fixture->base == NULL ? -1 : 0;
}

static void start_all(struct fixture *fixture)
{
	struct stored_positions none = { 0 };
	struct source *spool = NULL;
	struct error error;

	assert_int_equal(spool_open(fixture->base, &fixture->spool_config,
				    &fixture->spool, &error),
			 0);
	spool = spool_source(fixture->spool);
	spool->sink =
		(struct source_sink){ .context = &fixture->lanes, .put = lanes_put };
	assert_int_equal(spool->ops->start(spool, &none, &error), 0);
	fixture->source =
		syslog_stream_new(fixture->base, fixture->spool, &fixture->config);
	assert_int_equal(fixture->source->ops->start(fixture->source, &none, &error),
			 0);
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	int status = 0;

	if (fixture->source != NULL)
		fixture->source->ops->free(&fixture->source);
	spool_close(&fixture->spool);
	event_base_free(fixture->base);
	buf_deinit(&fixture->lanes.records);
	pthread_mutex_destroy(&fixture->lanes.mutex);
	status = temp_folder_remove(fixture->folder);
	mem_free(fixture);
	return status;
}

static int connect_to(const struct fixture *fixture)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)syslog_stream_port(fixture->source)),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(
		connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void send_all(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void test_both_framings(void **state)
{
	struct fixture *fixture = *state;
	int fd = -1;

	start_all(fixture);
	fd = connect_to(fixture);
	send_all(fd, "<13>one\n8 <13>a\nb\n<14>th");
	assert_true(records_are(fixture, "<13>one|<13>a\nb|"));
	send_all(fd, "ree\n<15>open");
	assert_true(records_are(fixture, "<13>one|<13>a\nb|<14>three|"));
	assert_int_equal(close(fd), 0);
	assert_true(records_are(fixture, "<13>one|<13>a\nb|<14>three|<15>open|"));
	assert_int_equal(fixture->source->stats.received_frames, 4);
	assert_int_equal(fixture->source->stats.open_streams, 0);
}

static void test_port_in_use(void **state)
{
	struct fixture *fixture = *state;
	struct stored_positions none = { 0 };
	struct source *second = NULL;
	struct error error;
	char listen[32];

	start_all(fixture);
	(void)snprintf(listen, sizeof(listen), "127.0.0.1:%u",
		       syslog_stream_port(fixture->source));
	fixture->config.address.listen = listen;
	fixture->config.name = "second";
	second = syslog_stream_new(fixture->base, fixture->spool, &fixture->config);
	assert_int_equal(second->ops->start(second, &none, &error), -1);
	assert_non_null(strstr(error.text, "syslog_tcp second: listen 127.0.0.1:"));
	assert_non_null(strstr(error.text, "Address already in use"));
	second->ops->free(&second);
	fixture->config.address.listen = "nonsense";
	second = syslog_stream_new(fixture->base, fixture->spool, &fixture->config);
	assert_int_equal(second->ops->start(second, &none, &error), -1);
	assert_non_null(strstr(error.text, "not an address and a port"));
	second->ops->free(&second);
}

static void test_idle(void **state)
{
	struct fixture *fixture = *state;
	char byte = 0;
	int fd = -1;

	fixture->config.idle_timeout_s = 1;
	start_all(fixture);
	fd = connect_to(fixture);
	send_all(fd, "<13>no line end");
	assert_true(records_are(fixture, "<13>no line end|"));
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	assert_int_equal(close(fd), 0);
}

static void test_connections_max(void **state)
{
	struct fixture *fixture = *state;
	int first = -1;
	int second = -1;

	fixture->config.connections_max = 1;
	start_all(fixture);
	first = connect_to(fixture);
	send_all(first, "<13>first\n");
	assert_true(records_are(fixture, "<13>first|"));
	second = connect_to(fixture);
	send_all(second, "<13>second\n");
	for (int i = 0; i < 50; i++)
		turn(fixture);
	assert_int_equal(fixture->source->stats.open_streams, 1);
	assert_int_equal(close(first), 0);
	assert_true(records_are(fixture, "<13>first|<13>second|"));
	assert_int_equal(close(second), 0);
}

static void test_connections_per_address_max(void **state)
{
	struct fixture *fixture = *state;
	char byte = 0;
	int first = -1;
	int second = -1;

	fixture->config.connections_per_address_max = 1;
	start_all(fixture);
	first = connect_to(fixture);
	send_all(first, "<13>first\n");
	assert_true(records_are(fixture, "<13>first|"));
	second = connect_to(fixture);
	for (int i = 0; i < 50; i++)
		turn(fixture);
	assert_int_equal(recv(second, &byte, 1, 0), 0);
	assert_int_equal(close(second), 0);
	assert_int_equal(fixture->source->stats.errors, 1);
	assert_int_equal(fixture->source->stats.open_streams, 1);
	assert_int_equal(close(first), 0);
	while (fixture->source->stats.open_streams > 0)
		turn(fixture);
	/* the place is free again */
	first = connect_to(fixture);
	send_all(first, "<13>again\n");
	assert_true(records_are(fixture, "<13>first|<13>again|"));
	assert_int_equal(close(first), 0);
}

/* senders that give a byte now and then hold nobody up, and lose nothing */
static void test_slow_senders(void **state)
{
	static const char frame[] = "<13>slow\n";
	struct fixture *fixture = *state;
	int slow[20];
	int quick = -1;

	start_all(fixture);
	for (size_t i = 0; i < ARRAY_LEN(slow); i++)
		slow[i] = connect_to(fixture);
	for (const char *at = frame; *at != '\n'; at++) {
		const char one[] = { *at, '\0' };

		for (size_t i = 0; i < ARRAY_LEN(slow); i++)
			send_all(slow[i], one);
		turn(fixture);
	}
	quick = connect_to(fixture);
	send_all(quick, "<13>quick\n");
	assert_true(records_are(fixture, "<13>quick|"));
	assert_int_equal(close(quick), 0);
	/* half of them end their frame, half just end */
	for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
		if (i % 2 == 0)
			send_all(slow[i], "\n");
		assert_int_equal(close(slow[i]), 0);
	}
	assert_true(arrives(fixture, strlen("<13>quick|") +
					     ARRAY_LEN(slow) * strlen("<13>slow|")));
	assert_int_equal(fixture->source->stats.received_frames, ARRAY_LEN(slow) + 1);
}

/* sends without blocking; the bytes that went */
static size_t send_some(int fd, struct slice bytes)
{
	ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);

	assert_true(n >= 0 || errno == EAGAIN);
	return n < 0 ? 0 : (size_t)n;
}

/* a full spool makes the sender wait; when all is committed, all of it goes through */
static void flood(struct fixture *fixture)
{
	struct buf input = { 0 };
	struct buf wanted = { 0 };
	size_t sent = 0;
	int fd = -1;

	for (int i = 0; i < 30000; i++) {
		buf_printf(&input, "<13>frame number %d of a flood\n", i);
		buf_printf(&wanted, "<13>frame number %d of a flood|", i);
	}
	start_all(fixture);
	fd = connect_to(fixture);
	for (int i = 0; i < 100; i++) {
		sent += send_some(fd, slice_from(buf_slice(&input), sent));
		turn(fixture);
	}
	if (!fixture->committing) {
		assert_true(received(fixture) < wanted.len / 2);
		fixture->committing = true;
	}
	while (sent < input.len) {
		sent += send_some(fd, slice_from(buf_slice(&input), sent));
		turn(fixture);
	}
	assert_true(arrives(fixture, wanted.len));
	pthread_mutex_lock(&fixture->lanes.mutex);
	assert_true(
		slice_equal(buf_slice(&fixture->lanes.records), buf_slice(&wanted)));
	pthread_mutex_unlock(&fixture->lanes.mutex);
	assert_int_equal(fixture->source->stats.skipped_bytes, 0);
	assert_int_equal(close(fd), 0);
	buf_deinit(&input);
	buf_deinit(&wanted);
}

static void test_full_spool(void **state)
{
	struct fixture *fixture = *state;

	fixture->spool_config.bytes_max = 256 << 10;
	fixture->config.read_bytes = 16 << 10;
	flood(fixture);
}

static void test_sync_bound(void **state)
{
	struct fixture *fixture = *state;

	fixture->config.read_bytes = 4 << 10;
	fixture->config.unsynced_bytes_max = 1;
	fixture->committing = true;
	flood(fixture);
}

/* the listener is freed while appends are on their way and frames wait for room */
static void test_free_in_flight(void **state)
{
	struct fixture *fixture = *state;
	char frames[8192];
	int first = -1;
	int second = -1;

	memset(frames, 'x', sizeof(frames));
	for (size_t i = 0; i < sizeof(frames); i += 64)
		frames[i] = '\n';
	fixture->spool_config.bytes_max = 20 << 10;
	fixture->spool_config.sync_delay_us = 300000;
	start_all(fixture);
	first = connect_to(fixture);
	second = connect_to(fixture);
	assert_int_equal(send_some(first, slice_of(frames, sizeof(frames))),
			 sizeof(frames));
	for (int i = 0; i < 10; i++)
		turn(fixture);
	assert_int_equal(send_some(second, slice_of(frames, sizeof(frames))),
			 sizeof(frames));
	for (int i = 0; i < 10; i++)
		turn(fixture);
	assert_int_equal(fixture->source->stats.received_bytes, 2 * sizeof(frames));
	fixture->source->ops->stop(fixture->source);
	fixture->source->ops->free(&fixture->source);
	spool_close(&fixture->spool);
	assert_int_equal(close(first), 0);
	assert_int_equal(close(second), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_both_framings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_port_in_use, setup, teardown),
		cmocka_unit_test_setup_teardown(test_idle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_connections_max, setup, teardown),
		cmocka_unit_test_setup_teardown(test_connections_per_address_max, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_slow_senders, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_spool, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sync_bound, setup, teardown),
		cmocka_unit_test_setup_teardown(test_free_in_flight, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
