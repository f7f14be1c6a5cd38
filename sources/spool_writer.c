/* spool_writer.c - group commit: what queued up during one fdatasync shares the next
 *
 * Requests wait in one list a partition. The thread takes all lists at once, writes and
 * syncs partition after partition, and hands the requests back by mailbox. While a
 * partition's group cannot be written, no list is taken.
 */
#include "sources/spool_writer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/mem.h"

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
	struct error error;         /* why the last attempt failed */
};

struct spool_writer {
	struct partition *partitions;
	size_t count;
	struct spool_limits limits;
	struct mailbox *done;
	struct iovec iov[IOV_MAX_COUNT];
	size_t iov_count;
	size_t failures; /* in a row */
	int64_t failing_since_us;
	pthread_t thread;
	bool running;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool stopping;
	bool trim_due;
	bool failing;
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

static void free_request(void *item)
{
	struct spool_request *request = item;

	spool_request_free(&request);
}

static int write_vectors(struct spool_writer *writer, struct spool_log *log,
			 struct error *error)
{
	size_t count = writer->iov_count;

	writer->iov_count = 0;
	return spool_log_write(log, writer->iov, count, error);
}

/* *offset: where the request begins, and then where it ends */
static int write_request(struct spool_writer *writer, struct spool_log *log,
			 const struct spool_request *request, uint64_t *offset,
			 struct error *error)
{
	struct spool_cursor cursor = { .request = request };

	for (;;) {
		struct iovec *next = &writer->iov[writer->iov_count];
		size_t count = spool_request_next(&cursor, *offset, next);

		if (count == 0)
			return 0;
		for (size_t i = 0; i < count; i++)
			*offset += next[i].iov_len;
		writer->iov_count += count;
		if (writer->iov_count + SPOOL_VECTORS_MAX > IOV_MAX_COUNT &&
		    write_vectors(writer, log, error) < 0)
			return -1;
	}
}

static int write_partition(struct spool_writer *writer, struct partition *partition,
			   struct error *error)
{
	const struct spool_request *request = partition->taken.head;
	uint64_t offset = 0;

	writer->iov_count = 0;
	if (spool_log_begin(partition->log, writer->limits.segment_bytes, &offset,
			    error) < 0)
		return -1;
	for (; request != NULL; request = request->next) {
		if (write_request(writer, partition->log, request, &offset, error) < 0)
			return -1;
	}
	if (write_vectors(writer, partition->log, error) < 0)
		return -1;
	return spool_log_sync(partition->log, error);
}

static void set_failing(struct spool_writer *writer, bool failing)
{
	pthread_mutex_lock(&writer->mutex);
	writer->failing = failing;
	pthread_mutex_unlock(&writer->mutex);
}

/* the group stays in partition->taken */
static void note_failure(struct spool_writer *writer, struct partition *partition,
			 const struct error *error)
{
	spool_log_abandon(partition->log);
	partition->error = *error;
	atomic_fetch_add(&writer->limits.stats->errors, 1);
	if (writer->failures++ > 0)
		return;
	log_error("spool",
		  "cannot write; what was taken is kept and tried again, nothing "
		  "more is taken: %s",
		  error->text);
	writer->failing_since_us = clock_monotonic_us();
	set_failing(writer, true);
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
		/* here, since giving back a large body takes the kernel milliseconds */
		spool_request_release(request);
		/* the mailbox has no bound of its own and closes after this thread */
		if (!mailbox_put(writer->done, request, 1))
			spool_request_free(&request);
		request = next;
	}
	list_init(&partition->taken);
}

/* false: some of it could not be written, and is still there */
static bool write_taken(struct spool_writer *writer)
{
	struct error error;
	bool all = true;

	for (size_t i = 0; i < writer->count; i++) {
		struct partition *partition = &writer->partitions[i];

		if (partition->taken.head == NULL)
			continue;
		if (write_partition(writer, partition, &error) < 0) {
			note_failure(writer, partition, &error);
			all = false;
		} else {
			hand_back(writer, partition);
		}
	}
	return all;
}

/* the spool closes */
static void fail_taken(struct spool_writer *writer)
{
	for (size_t i = 0; i < writer->count; i++) {
		struct partition *partition = &writer->partitions[i];
		struct spool_request *request = partition->taken.head;

		for (; request != NULL; request = request->next) {
			request->error = mem_alloc(sizeof(*request->error));
			*request->error = partition->error;
		}
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

/* true: room was made */
static bool trim(struct spool_writer *writer)
{
	uint64_t freed = 0;

	for (size_t i = 0; i < writer->count; i++) {
		struct partition *partition = &writer->partitions[i];

		freed += spool_log_trim(partition->log, partition->trimmed,
					active_bytes_min(writer));
	}
	if (freed == 0)
		return false;
	pthread_mutex_lock(&writer->mutex);
	writer->bytes -= freed;
	pthread_mutex_unlock(&writer->mutex);
	announce_room(writer);
	return true;
}

static struct timespec from_now(int64_t us)
{
	struct timespec until = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail */
	until.tv_nsec += us % 1000000 * 1000;
	until.tv_sec += us / 1000000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	return until;
}

static void wait_for_more(struct spool_writer *writer)
{
	struct timespec until = from_now(writer->limits.sync_delay_us);
	int status = 0;

	while (status == 0 && !writer->stopping && writer->queued_bytes < GROUP_BYTES)
		status = pthread_cond_timedwait(&writer->changed, &writer->mutex,
						&until);
}

/* under the mutex */
static void take_commits(struct spool_writer *writer)
{
	for (size_t i = 0; i < writer->count; i++)
		writer->partitions[i].trimmed = writer->partitions[i].committed;
	writer->trim_due = false;
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
	}
	writer->waiting = 0;
	take_commits(writer);
	pthread_mutex_unlock(&writer->mutex);
	return work;
}

/* until it is time to try again, at once when room was made. false: the writer stops */
static bool wait_to_retry(struct spool_writer *writer, unsigned wait_ms)
{
	struct timespec until = from_now((int64_t)wait_ms * 1000);
	bool stopping = false;
	int status = 0;

	do {
		pthread_mutex_lock(&writer->mutex);
		while (status == 0 && !writer->stopping && !writer->trim_due)
			status = pthread_cond_timedwait(&writer->changed,
							&writer->mutex, &until);
		stopping = writer->stopping;
		take_commits(writer);
		pthread_mutex_unlock(&writer->mutex);
	} while (!trim(writer) && !stopping && status == 0);
	return !stopping;
}

static void note_recovery(struct spool_writer *writer)
{
	log_info("spool", "writes again attempts=%zu seconds=%lld", writer->failures,
		 (long long)(clock_monotonic_us() - writer->failing_since_us) /
			 1000000);
	set_failing(writer, false);
	announce_room(writer);
}

/* nothing is taken from the queues meanwhile, hence nothing overtakes a group */
static void write_until_done(struct spool_writer *writer)
{
	unsigned wait_ms = SPOOL_RETRY_MS_MIN;
	bool done = write_taken(writer);
	bool on = true;

	while (!done && on) {
		on = wait_to_retry(writer, wait_ms);
		wait_ms = wait_ms * 2 < SPOOL_RETRY_MS_MAX ? wait_ms * 2
							   : SPOOL_RETRY_MS_MAX;
		done = write_taken(writer);
	}
	if (!done)
		fail_taken(writer);
	else if (writer->failures > 0)
		note_recovery(writer);
	writer->failures = 0;
}

static void *run(void *context)
{
	struct spool_writer *writer = context;

	while (take_work(writer)) {
		write_until_done(writer);
		(void)trim(writer); /* nobody waits for this room alone */
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
		list_init(&writer->partitions[i].taken);
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
	room = !writer->failing && writer->bytes + len <= writer->limits.bytes_max &&
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
