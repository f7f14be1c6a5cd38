/* syslog_datagram.c - a turn of datagrams is one append */
#include "sources/syslog_datagram.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/sock_diag.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/hash64.h"
#include "base/log.h"
#include "base/mem.h"
#include "sources/syslog_canary.h"
#include "sources/syslog_intake.h"

/* datagrams of one turn: the loop has others to serve */
#define TURN_DATAGRAMS 256
/* what is in the kernel at the stop is read, but not from a sender without end */
#define STOP_TURNS 64
#define FRAME_BYTES_MIN ((size_t)480) /* RFC 5426, 3.2: each receiver takes these */

struct syslog_datagram {
	struct source source;
	char *name;
	char *listen;
	char *path;
	mode_t mode;
	struct event_base *base;
	struct syslog_target target;
	struct syslog_intake *intake;
	struct syslog_canary *canary;
	unsigned canary_ms;
	struct syslog_socket socket;
	struct event *event;
	size_t frame_bytes_max;
	size_t receive_buffer_bytes;
	uint32_t kernel_drops; /* that were counted */
	char *buffer;
	size_t buffer_bytes;
};

static struct syslog_datagram *datagram_of(struct source *source)
{
	return (struct syslog_datagram *)source;
}

struct syslog_datagram_config syslog_datagram_defaults(void)
{
	return (struct syslog_datagram_config){
		.name = "syslog_udp",
		.address = { .listen = "127.0.0.1:5514" },
		.frame_bytes_max = (size_t)64 * 1024,
		.receive_buffer_bytes = (size_t)1024 * 1024,
		.unsynced_bytes_max = (size_t)4 * 1024 * 1024,
		.read_bytes = (size_t)256 * 1024,
	};
}

/* Asked for, rather than taken from SO_RXQ_OVFL's messages: those come with the next
 * datagram that is queued, so that the end of a flood would not be counted. */
static void count_kernel_drops(struct syslog_datagram *datagram)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);
	uint32_t drops = 0;

	if (datagram->path != NULL ||
	    getsockopt(datagram->socket.fd, SOL_SOCKET, SO_MEMINFO, info, &len) < 0)
		return;
	/* the kernel's counter may wrap around */
	drops = info[SK_MEMINFO_DROPS] - datagram->kernel_drops;
	if (drops == 0)
		return;
	datagram->kernel_drops = info[SK_MEMINFO_DROPS];
	atomic_fetch_add(&datagram->source.stats.dropped_frames, drops);
	syslog_intake_lose(datagram->intake, DROP_KERNEL, drops, 0);
	log_warn(datagram->source.ops->type,
		 "the kernel dropped datagrams source=%s datagrams=%" PRIu32,
		 datagram->source.name, drops);
}

/* line ends and NULs at the end are no part of the message */
static struct slice message_of(struct slice datagram)
{
	size_t len = datagram.len;

	while (len > 0 &&
	       (datagram.ptr[len - 1] == '\n' || datagram.ptr[len - 1] == '\r' ||
		datagram.ptr[len - 1] == '\0'))
		len--;
	return slice_head(datagram, len);
}

static void take_datagram(struct syslog_datagram *datagram, struct slice kept,
			  size_t len)
{
	struct source_stats *stats = &datagram->source.stats;
	struct slice message = message_of(kept);

	atomic_fetch_add(&stats->received_bytes, len);
	if (kept.len < len) {
		atomic_fetch_add(&stats->truncated_frames, 1);
		atomic_fetch_add(&stats->skipped_bytes, len - kept.len);
		syslog_intake_lose(datagram->intake, DROP_TOO_LARGE, 0, len - kept.len);
	}
	if (message.len == 0)
		return;
	atomic_fetch_add(&stats->received_frames, 1);
	syslog_intake_add(datagram->intake, message);
}

static void receive_failed(struct syslog_datagram *datagram)
{
	struct error error;

	if (errno == EAGAIN || errno == EINTR)
		return;
	(void)error_set_errno(&error, "recv"); /* for its text */
	log_warn(datagram->source.ops->type, "%s source=%s", error.text,
		 datagram->source.name);
	atomic_fetch_add(&datagram->source.stats.errors, 1);
}

/* datagrams lie one behind the other in the buffer; false: none is left */
static bool receive_turn(struct syslog_datagram *datagram)
{
	size_t used = 0;

	for (int i = 0; i < TURN_DATAGRAMS &&
			used + datagram->frame_bytes_max <= datagram->buffer_bytes;
	     i++) {
		char *place = datagram->buffer + used;
		/* MSG_TRUNC: the length before it was cut */
		ssize_t n = recv(datagram->socket.fd, place, datagram->frame_bytes_max,
				 MSG_TRUNC | MSG_DONTWAIT);
		struct slice kept = { 0 };

		if (n < 0) {
			receive_failed(datagram);
			return false;
		}
		kept = slice_head(slice_of(place, (size_t)n),
				  datagram->frame_bytes_max);
		take_datagram(datagram, kept, (size_t)n);
		used += kept.len;
	}
	return true;
}

static void read_some(struct syslog_datagram *datagram)
{
	(void)receive_turn(datagram); /* the loop knows what is left */
	count_kernel_drops(datagram);
	if (!syslog_intake_submit(datagram->intake))
		(void)event_del(datagram->event); /* fails only if it was not added */
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	read_some(context);
}

static void read_on(struct syslog_datagram *datagram)
{
	if (event_add(datagram->event, NULL) == 0)
		return;
	log_error(datagram->source.ops->type, "event_add failed source=%s",
		  datagram->source.name);
	atomic_fetch_add(&datagram->source.stats.errors, 1);
}

static void on_ready(void *context)
{
	read_on(context);
}

static void set_receive_buffer(const struct syslog_datagram *datagram)
{
	int fd = datagram->socket.fd;
	int wanted = (int)datagram->receive_buffer_bytes;
	int given = 0;
	socklen_t len = sizeof(given);

	/* FORCE needs CAP_NET_ADMIN, and then knows no bound */
	if (wanted == 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof(wanted)) == 0)
		return;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof(wanted)) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &given, &len) < 0)
		given = 0;
	/* the kernel says double of what it was asked for */
	if (given / 2 < wanted)
		log_warn(datagram->source.ops->type,
			 "receive_buffer is more than sysctl net.core.rmem_max allows "
			 "source=%s wanted=%d given=%d",
			 datagram->source.name, wanted, given / 2);
}

static int start(struct source *source, const struct stored_positions *positions,
		 struct error *error)
{
	struct syslog_datagram *datagram = datagram_of(source);
	const struct syslog_address address = { .listen = datagram->listen,
						.path = datagram->path,
						.mode = datagram->mode };

	(void)positions; /* the spool has them */
	if (syslog_socket_open(&address, SOCK_DGRAM, &datagram->socket, error) < 0)
		return error_prefix(error, "%s %s", source->ops->type, source->name);
	set_receive_buffer(datagram);
	datagram->event = event_new(datagram->base, datagram->socket.fd,
				    EV_READ | EV_PERSIST, on_readable, datagram);
	if (datagram->event == NULL || event_add(datagram->event, NULL) < 0)
		return error_set(error, "%s %s: event_new failed", source->ops->type,
				 source->name);
	datagram->intake = syslog_intake_new(&datagram->target, on_ready, datagram);
	return syslog_canary_new(datagram->base, &datagram->target, datagram->canary_ms,
				 &datagram->canary, error);
}

/* what was sent before the stop, as far as the spool has room */
static void read_rest(struct syslog_datagram *datagram)
{
	bool more = true;

	for (int turn = 0; more && turn < STOP_TURNS; turn++) {
		more = receive_turn(datagram);
		count_kernel_drops(datagram);
		if (!syslog_intake_submit(datagram->intake))
			more = false;
	}
}

static void stop(struct source *source)
{
	struct syslog_datagram *datagram = datagram_of(source);

	if (datagram->event != NULL)
		event_free(datagram->event);
	datagram->event = NULL;
	syslog_canary_free(&datagram->canary);
	if (datagram->intake != NULL && syslog_intake_submit(datagram->intake))
		read_rest(datagram);
	syslog_intake_finish(&datagram->intake);
	syslog_socket_close(&datagram->socket);
}

static void free_datagram(struct source **source)
{
	struct syslog_datagram *datagram = NULL;

	if (*source == NULL)
		return;
	stop(*source);
	datagram = datagram_of(*source);
	syslog_target_deinit(&datagram->target);
	mem_free(datagram->buffer);
	mem_free(datagram->name);
	mem_free(datagram->listen);
	mem_free(datagram->path);
	mem_free(datagram);
	*source = NULL;
}

static const struct source_ops udp_ops = {
	.type = "syslog_udp",
	.start = start,
	.stop = stop,
	.committed = syslog_no_commit,
	.rewind = syslog_no_rewind,
	.free = free_datagram,
};

static const struct source_ops unix_ops = {
	.type = "syslog_unix",
	.start = start,
	.stop = stop,
	.committed = syslog_no_commit,
	.rewind = syslog_no_rewind,
	.free = free_datagram,
};

static size_t at_least(size_t value, size_t min)
{
	return value < min ? min : value;
}

struct source *syslog_datagram_new(struct event_base *base, struct spool *spool,
				   const struct syslog_datagram_config *config)
{
	struct syslog_datagram *datagram = mem_calloc(1, sizeof(*datagram));
	const struct syslog_address *address = &config->address;

	datagram->name = mem_strdup(config->name);
	if (address->path != NULL)
		datagram->path = mem_strdup(address->path);
	else
		datagram->listen = mem_strdup(address->listen);
	datagram->mode = address->mode;
	datagram->base = base;
	datagram->socket = SYSLOG_SOCKET_NONE;
	datagram->source.ops = address->path != NULL ? &unix_ops : &udp_ops;
	datagram->source.name = datagram->name;
	datagram->source.project_id = config->project_id;
	datagram->source.ingestion_id = config->ingestion_id;
	datagram->canary_ms = config->canary_ms;
	datagram->frame_bytes_max = at_least(config->frame_bytes_max, FRAME_BYTES_MIN);
	datagram->receive_buffer_bytes = config->receive_buffer_bytes;
	datagram->buffer_bytes = config->read_bytes + datagram->frame_bytes_max;
	datagram->buffer = mem_alloc(datagram->buffer_bytes);
	datagram->target = (struct syslog_target){
		.spool = spool,
		.source = &datagram->source,
		.stamp = hash64(slice_str(config->name), (uint64_t)clock_now_us()),
		.project_id = config->project_id,
		.ingestion_id = config->ingestion_id,
		.unsynced_bytes_max = config->unsynced_bytes_max,
	};
	return &datagram->source;
}

unsigned syslog_datagram_port(struct source *source)
{
	return syslog_socket_port(&datagram_of(source)->socket);
}
