/* test_syslog_datagram.c - UDP and unix datagrams into a real spool, and socket paths
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
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "sources/spool.h"
#include "sources/syslog_datagram.h"
#include "tests/unit/temp_folder.h"

#define WAIT_US (INT64_C(5) * 1000000)
#define PATH_BYTES 64

struct fixture {
	char folder[TEMP_FOLDER_MAX];
	char path[TEMP_FOLDER_MAX + PATH_BYTES];
	struct spool_config spool_config;
	struct syslog_datagram_config config;
	struct event_base *base;
	struct spool *spool;
	struct source *source;
	/* plays the lanes: the records, each followed by '|' */
	pthread_mutex_t mutex;
	struct buf records;
	struct drop_sums lost;
};

static bool put(void *context, struct chunk *chunk)
{
	struct fixture *fixture = context;

	pthread_mutex_lock(&fixture->mutex);
	for (size_t i = 0; i < chunk->items_count; i++) {
		const struct chunk_item *item = &chunk->items[i];

		if ((item->flags & CHUNK_ITEM_DROPPED) != 0) {
			fixture->lost.records[item->reason] += item->dropped;
			fixture->lost.bytes[item->reason] += item->skipped;
			continue;
		}
		buf_append(&fixture->records, chunk->data + item->offset, item->len);
		buf_append_char(&fixture->records, '|');
	}
	pthread_mutex_unlock(&fixture->mutex);
	chunk_free(&chunk);
	return true;
}

static size_t received(struct fixture *fixture)
{
	size_t len = 0;

	pthread_mutex_lock(&fixture->mutex);
	len = fixture->records.len;
	pthread_mutex_unlock(&fixture->mutex);
	return len;
}

static bool records_are(struct fixture *fixture, const char *text)
{
	int64_t until_us = clock_monotonic_us() + WAIT_US;

	while (received(fixture) < strlen(text) && clock_monotonic_us() < until_us) {
		(void)event_base_loop(fixture->base, EVLOOP_NONBLOCK);
		(void)usleep(500);
	}
	return slice_equal(buf_slice(&fixture->records), slice_str(text));
}

static bool lost_are(struct fixture *fixture, enum drop_reason reason, uint64_t records,
		     uint64_t bytes)
{
	int64_t until_us = clock_monotonic_us() + WAIT_US;
	bool equal = false;

	while (!equal && clock_monotonic_us() < until_us) {
		(void)event_base_loop(fixture->base, EVLOOP_NONBLOCK);
		pthread_mutex_lock(&fixture->mutex);
		equal = fixture->lost.records[reason] == records &&
			fixture->lost.bytes[reason] == bytes;
		pthread_mutex_unlock(&fixture->mutex);
		(void)usleep(500);
	}
	return equal;
}

static int setup(void **state)
{
	struct fixture *fixture = mem_calloc(1, sizeof(*fixture));

	if (temp_folder_make(fixture->folder) < 0)
		return -1;
	(void)snprintf(fixture->path, sizeof(fixture->path), "%s/log", fixture->folder);
	fixture->spool_config = (struct spool_config){
		.folder = fixture->folder,
		.host_id = "host",
		.partitions = 1,
		.segment_bytes = 1 << 20,
		.bytes_max = 64 << 20,
		.frame_bytes_max = 256 << 10,
	};
	fixture->config = syslog_datagram_defaults();
	fixture->config.address.listen = "127.0.0.1:0";
	fixture->base = event_base_new();
	pthread_mutex_init(&fixture->mutex, NULL);
	*state = fixture;
	return fixture->base == NULL ? -1 : 0;
}

static int start_source(struct fixture *fixture, struct error *error)
{
	struct stored_positions none = { 0 };

	fixture->source =
		syslog_datagram_new(fixture->base, fixture->spool, &fixture->config);
	return fixture->source->ops->start(fixture->source, &none, error);
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
	spool->sink = (struct source_sink){ .context = fixture, .put = put };
	assert_int_equal(spool->ops->start(spool, &none, &error), 0);
	assert_int_equal(start_source(fixture, &error), 0);
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	int status = 0;

	if (fixture->source != NULL)
		fixture->source->ops->free(&fixture->source);
	spool_close(&fixture->spool);
	event_base_free(fixture->base);
	buf_deinit(&fixture->records);
	pthread_mutex_destroy(&fixture->mutex);
	(void)unlink(fixture->path); /* most tests have none */
	status = temp_folder_remove(fixture->folder);
	mem_free(fixture);
	return status;
}

static int udp_to(const struct fixture *fixture)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)syslog_datagram_port(fixture->source)),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(
		connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* bound to the path, or connected to it */
static int unix_at(const struct fixture *fixture, int type, bool bound)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct sockaddr *place = (const struct sockaddr *)&address;
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_true(strlen(fixture->path) < sizeof(address.sun_path));
	memcpy(address.sun_path, fixture->path, strlen(fixture->path));
	if (bound)
		assert_int_equal(bind(fd, place, sizeof(address)), 0);
	else
		assert_int_equal(connect(fd, place, sizeof(address)), 0);
	return fd;
}

static void send_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void test_udp(void **state)
{
	struct fixture *fixture = *state;
	char large[600];
	struct buf wanted = { 0 };
	int fd = -1;

	fixture->config.frame_bytes_max = 480;
	start_all(fixture);
	fd = udp_to(fixture);
	memset(large, 'x', sizeof(large));
	send_text(fd, "<13>one\r\n");
	send_text(fd, "\n");
	send_text(fd, "");
	/* no framing: a datagram is one message, whatever is in it */
	send_text(fd, "8 <13>a\nb");
	assert_int_equal(send(fd, large, sizeof(large), 0), sizeof(large));
	send_text(fd, "<13>last");
	buf_append_str(&wanted, "<13>one|8 <13>a\nb|");
	buf_append(&wanted, large, 480);
	buf_append_str(&wanted, "|<13>last|");
	buf_append_char(&wanted, '\0');
	assert_true(records_are(fixture, wanted.data));
	assert_int_equal(fixture->source->stats.received_frames, 4);
	assert_int_equal(fixture->source->stats.truncated_frames, 1);
	assert_int_equal(fixture->source->stats.skipped_bytes, sizeof(large) - 480);
	assert_true(lost_are(fixture, DROP_TOO_LARGE, 0, sizeof(large) - 480));
	assert_true(lost_are(fixture, DROP_KERNEL, 0, 0));
	assert_int_equal(close(fd), 0);
	buf_deinit(&wanted);
}

/* what does not fit into the kernel's buffer is counted: nothing is neither */
static void test_kernel_drops(void **state)
{
	struct fixture *fixture = *state;
	const uint64_t sent = 2000;
	int64_t until_us = 0;
	int fd = -1;

	fixture->config.receive_buffer_bytes = 16 << 10;
	start_all(fixture);
	fd = udp_to(fixture);
	for (uint64_t i = 0; i < sent; i++)
		send_text(fd, "<13>a flood that nobody reads for a while");
	until_us = clock_monotonic_us() + WAIT_US;
	while (fixture->source->stats.received_frames +
			       fixture->source->stats.dropped_frames <
		       sent &&
	       clock_monotonic_us() < until_us)
		(void)event_base_loop(fixture->base, EVLOOP_NONBLOCK);
	assert_true(fixture->source->stats.received_frames > 0);
	assert_true(fixture->source->stats.dropped_frames > 0);
	assert_int_equal(fixture->source->stats.received_frames +
				 fixture->source->stats.dropped_frames,
			 sent);
	/* and the ledger is told, by way of the spool */
	assert_true(lost_are(fixture, DROP_KERNEL,
			     fixture->source->stats.dropped_frames, 0));
	assert_int_equal(close(fd), 0);
}

/* what was sent before the stop is read at the stop */
static void test_stop_reads_on(void **state)
{
	struct fixture *fixture = *state;
	struct buf wanted = { 0 };
	int fd = -1;

	start_all(fixture);
	fd = udp_to(fixture);
	for (int i = 0; i < 1000; i++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "<13>n=%d", i);
		send_text(fd, text);
		buf_printf(&wanted, "%s|", text);
	}
	buf_append_char(&wanted, '\0');
	fixture->source->ops->stop(fixture->source);
	assert_true(records_are(fixture, wanted.data));
	assert_int_equal(close(fd), 0);
	buf_deinit(&wanted);
}

static void test_unix(void **state)
{
	struct fixture *fixture = *state;
	struct stat status;
	int fd = -1;

	fixture->config.address =
		(struct syslog_address){ .path = fixture->path, .mode = 0620 };
	start_all(fixture);
	assert_string_equal(fixture->source->ops->type, "syslog_unix");
	assert_int_equal(lstat(fixture->path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0620);
	fd = unix_at(fixture, SOCK_DGRAM, false);
	send_text(fd, "<13>over a path");
	assert_true(records_are(fixture, "<13>over a path|"));
	assert_int_equal(close(fd), 0);
	fixture->source->ops->stop(fixture->source);
	assert_int_equal(lstat(fixture->path, &status), -1);
	assert_int_equal(errno, ENOENT);
}

static void test_path_is_owned(void **state)
{
	struct fixture *fixture = *state;
	struct error error;
	FILE *file = NULL;
	int other = -1;

	fixture->config.address =
		(struct syslog_address){ .path = fixture->path, .mode = 0666 };
	/* alive: refused, and left alone */
	other = unix_at(fixture, SOCK_DGRAM, true);
	assert_int_equal(start_source(fixture, &error), -1);
	assert_non_null(strstr(error.text, "another process listens there"));
	fixture->source->ops->free(&fixture->source);
	assert_int_equal(access(fixture->path, F_OK), 0);
	/* dead: replaced */
	assert_int_equal(close(other), 0);
	assert_int_equal(start_source(fixture, &error), 0);
	/* replaced by another's: not removed */
	assert_int_equal(unlink(fixture->path), 0);
	other = unix_at(fixture, SOCK_DGRAM, true);
	fixture->source->ops->free(&fixture->source);
	assert_int_equal(access(fixture->path, F_OK), 0);
	assert_int_equal(close(other), 0);
	assert_int_equal(unlink(fixture->path), 0);
	/* no socket at all */
	file = fopen(fixture->path, "we");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(start_source(fixture, &error), -1);
	assert_non_null(strstr(error.text, "not a socket"));
	fixture->source->ops->free(&fixture->source);
	assert_int_equal(access(fixture->path, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_udp, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kernel_drops, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stop_reads_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix, setup, teardown),
		cmocka_unit_test_setup_teardown(test_path_is_owned, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
