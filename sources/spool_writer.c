/* spool_writer.c - group commit: what queued up during one fdatasync shares the next
 *
 * Requests wait in one list a partition. The thread takes all lists at once, writes and
 * syncs partition after partition, and hands the requests back by mailbox.
 */
#include "sources/spool_writer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "base/log.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "sources/spool_format.h"

#define IOV_MAX_COUNT 512
/* so much is worth a sync of its own: no waiting for more */
#define GROUP_BYTES ((size_t)1024 * 1024)

struct request_list {
	struct spool_request *head;
	struct spool_request **tail;
};

struct partition {
	struct spool_log *log;
	struct request_list queued; /* under the mutex */
	struct request_list taken;  /* the thread's */
	uint64_t committed;         /* under the mutex */
	uint64_t trimmed;           /* the thread's copy of it */
};

struct spool_writer {
	struct partition *partitions;
	size_t count;
	struct spool_limits limits;
	struct mailbox *done;
	struct iovec iov[IOV_MAX_COUNT];
	pthread_t thread;
	bool running;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool stopping;
	bool trim_due;
	size_t queued_bytes; /* submitted, not done */
	size_t waiting;      /* requests that the thread has not taken */
	uint64_t bytes;      /* of all segments, and queued_bytes */
};

static void list_init(struct request_list *list)
{
	list->head = NULL;
	list->tail = &list->head;
}

static void list_append(struct request_list *list, struct spool_request *request)
{
	request->next = NULL;
	*list->tail = request;
	list->tail = &request->next;
}

static void list_move(struct request_list *from, struct request_list *to)
{
	list_init(to);
	if (from->head != NULL)
		*to = *from;
	list_init(from);
}

void spool_request_free(struct spool_request **request)
{
	if (*request == NULL)
		return;
	mem_free((*request)->frames);
	mem_free((*request)->error);
	mem_free(*request);
	*request = NULL;
}

static void free_request(void *item)
{
	struct spool_request *request = item;

	spool_request_free(&request);
}

static int write_partition(struct spool_writer *writer, struct partition *partition,
			   struct error *error)
{
	struct spool_request *request = partition->taken.head;
	uint64_t offset = 0;
	size_t count = 0;

	if (spool_log_begin(partition->log, writer->limits.segment_bytes, &offset,
			    error) < 0)
		return -1;
	for (; request != NULL; request = request->next) {
		for (size_t at = 0; at < request->len;)
			at += spool_frame_seal(request->frames + at, offset + at);
		offset += request->len;
		writer->iov[count++] = (struct iovec){ request->frames, request->len };
		if (count < IOV_MAX_COUNT && request->next != NULL)
			continue;
		if (spool_log_write(partition->log, writer->iov, count, error) < 0)
			return -1;
		count = 0;
	}
	return spool_log_sync(partition->log, error);
}

static void fail_requests(struct partition *partition, const struct error *error)
{
	struct spool_request *request = partition->taken.head;

	log_error("spool", "append failed: %s", error->text);
	spool_log_abandon(partition->log);
	for (; request != NULL; request = request->next) {
		request->error = mem_alloc(sizeof(*error));
		*request->error = *error;
	}
}

static void account(struct spool_writer *writer, const struct spool_request *request)
{
	pthread_mutex_lock(&writer->mutex);
	writer->queued_bytes -= request->len;
	if (request->error != NULL)
		writer->bytes -= request->len;
	pthread_mutex_unlock(&writer->mutex);
}

static void hand_back(struct spool_writer *writer, struct partition *partition)
{
	struct spool_request *request = partition->taken.head;

	while (request != NULL) {
		struct spool_request *next = request->next;

		account(writer, request);
		/* the mailbox has no bound of its own and closes after this thread */
		if (!mailbox_put(writer->done, request, 1))
			spool_request_free(&request);
		request = next;
	}
}

static void write_taken(struct spool_writer *writer)
{
	struct error error;

	for (size_t i = 0; i < writer->count; i++) {
		struct partition *partition = &writer->partitions[i];

		if (partition->taken.head == NULL)
			continue;
		if (write_partition(writer, partition, &error) < 0)
			fail_requests(partition, &error);
		hand_back(writer, partition);
	}
}

/* an empty request tells the loop that there is room */
static void announce_room(struct spool_writer *writer)
{
	struct spool_request *request = mem_calloc(1, sizeof(*request));

	if (!mailbox_put(writer->done, request, 1))
		spool_request_free(&request);
}

/* while the spool is rather empty, an active segment is left to fill up */
static uint64_t active_bytes_min(struct spool_writer *writer)
{
	if (spool_writer_bytes(writer) > writer->limits.bytes_max / 2)
		return 1;
	return writer->limits.segment_bytes;
}

static void trim(struct spool_writer *writer)
{
	uint64_t freed = 0;

	for (size_t i = 0; i < writer->count; i++) {
		struct partition *partition = &writer->partitions[i];

		freed += spool_log_trim(partition->log, partition->trimmed,
					active_bytes_min(writer));
	}
	if (freed == 0)
		return;
	pthread_mutex_lock(&writer->mutex);
	writer->bytes -= freed;
	pthread_mutex_unlock(&writer->mutex);
	announce_room(writer);
}

static void wait_for_more(struct spool_writer *writer)
{
	struct timespec until = { 0 };
	int status = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail */
	until.tv_nsec += (long)writer->limits.sync_delay_us * 1000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (status == 0 && !writer->stopping && writer->queued_bytes < GROUP_BYTES)
		status = pthread_cond_timedwait(&writer->changed, &writer->mutex,
						&until);
}

/* false: stopped, and nothing is left */
static bool take_work(struct spool_writer *writer)
{
	bool work = false;

	pthread_mutex_lock(&writer->mutex);
	while (!writer->stopping && writer->waiting == 0 && !writer->trim_due)
		pthread_cond_wait(&writer->changed, &writer->mutex);
	if (writer->waiting > 0 && writer->limits.sync_delay_us > 0)
		wait_for_more(writer);
	work = writer->waiting > 0 || !writer->stopping;
	for (size_t i = 0; i < writer->count; i++) {
		struct partition *partition = &writer->partitions[i];

		list_move(&partition->queued, &partition->taken);
		partition->trimmed = partition->committed;
	}
	writer->waiting = 0;
	writer->trim_due = false;
	pthread_mutex_unlock(&writer->mutex);
	return work;
}

static void *run(void *context)
{
	struct spool_writer *writer = context;

	while (take_work(writer)) {
		write_taken(writer);
		trim(writer);
	}
	return NULL;
}

static int start_thread(struct spool_writer *writer, struct error *error)
{
	sigset_t all;
	sigset_t before;
	int status = 0;

	/* signals are the loop's */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	status = pthread_create(&writer->thread, NULL, run, writer);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = status;
	if (status != 0)
		return error_set_errno(error, "spool: pthread_create");
	(void)pthread_setname_np(writer->thread, "spool_write"); /* a comfort only */
	writer->running = true;
	return 0;
}

int spool_writer_start(struct spool_log **logs, size_t count,
		       const struct spool_limits *limits, struct spool_writer **out,
		       struct error *error)
{
	struct spool_writer *writer = mem_calloc(1, sizeof(*writer));
	pthread_condattr_t attr;

	writer->partitions = mem_calloc(count, sizeof(*writer->partitions));
	writer->count = count;
	writer->limits = *limits;
	writer->done = mailbox_new(SIZE_MAX);
	for (size_t i = 0; i < count; i++) {
		writer->partitions[i].log = logs[i];
		list_init(&writer->partitions[i].queued);
		writer->bytes += spool_log_bytes(logs[i]);
	}
	pthread_mutex_init(&writer->mutex, NULL);
	pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC); /* known clock */
	pthread_cond_init(&writer->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (start_thread(writer, error) < 0) {
		spool_writer_free(&writer);
		return -1;
	}
	*out = writer;
	return 0;
}

void spool_writer_stop(struct spool_writer *writer)
{
	if (!writer->running)
		return;
	pthread_mutex_lock(&writer->mutex);
	writer->stopping = true;
	pthread_cond_signal(&writer->changed);
	pthread_mutex_unlock(&writer->mutex);
	pthread_join(writer->thread, NULL);
	writer->running = false;
}

void spool_writer_free(struct spool_writer **writer)
{
	if (*writer == NULL)
		return;
	spool_writer_stop(*writer);
	mailbox_free(&(*writer)->done, free_request);
	pthread_cond_destroy(&(*writer)->changed);
	pthread_mutex_destroy(&(*writer)->mutex);
	mem_free((*writer)->partitions);
	mem_free(*writer);
	*writer = NULL;
}

bool spool_writer_room(struct spool_writer *writer, size_t len)
{
	bool room = false;

	pthread_mutex_lock(&writer->mutex);
	room = writer->bytes + len <= writer->limits.bytes_max &&
	       (writer->queued_bytes == 0 ||
		writer->queued_bytes + len <= SPOOL_QUEUE_BYTES_MAX);
	pthread_mutex_unlock(&writer->mutex);
	return room;
}

void spool_writer_submit(struct spool_writer *writer, struct spool_request *request)
{
	pthread_mutex_lock(&writer->mutex);
	list_append(&writer->partitions[request->partition].queued, request);
	writer->bytes += request->len;
	writer->queued_bytes += request->len;
	writer->waiting++;
	pthread_cond_signal(&writer->changed);
	pthread_mutex_unlock(&writer->mutex);
}

void spool_writer_committed(struct spool_writer *writer, size_t partition,
			    uint64_t offset)
{
	pthread_mutex_lock(&writer->mutex);
	writer->partitions[partition].committed = offset;
	writer->trim_due = true;
	pthread_cond_signal(&writer->changed);
	pthread_mutex_unlock(&writer->mutex);
}

int spool_writer_fd(const struct spool_writer *writer)
{
	return mailbox_fd(writer->done);
}

struct spool_request *spool_writer_take_done(struct spool_writer *writer)
{
	return mailbox_take(writer->done);
}

uint64_t spool_writer_bytes(struct spool_writer *writer)
{
	uint64_t bytes = 0;

	pthread_mutex_lock(&writer->mutex);
	bytes = writer->bytes;
	pthread_mutex_unlock(&writer->mutex);
	return bytes;
}
