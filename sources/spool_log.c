/* spool_log.c - segments of one partition, and who may see how much of them */
#include "sources/spool_log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/crash_point.h"
#include "base/log.h"
#include "base/mem.h"
#include "sources/spool_segment.h"

#define IOV_AT_ONCE ((size_t)512)

struct spool_log {
	char *folder;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	/* sizes are those of the durable part; the last one is active if fd >= 0 */
	struct spool_segments segments;
	uint64_t durable; /* offset behind what readers may see */
	bool interrupted;
	/* the writer's own */
	int fd;
	uint64_t base;    /* of the active segment */
	uint64_t written; /* offset behind what was written */
};

/* a segment ends where the next one begins, whatever its file's size */
static void clamp_sizes(struct spool_segments *segments)
{
	for (size_t i = 0; i + 1 < segments->count; i++) {
		struct spool_segment *segment = &segments->items[i];
		uint64_t room = segments->items[i + 1].base - segment->base;

		if (segment->size > room)
			segment->size = room;
	}
}

static int cut_tail(struct spool_log *log, int fd, struct spool_segment *last,
		    struct error *error)
{
	uint64_t end = 0;
	uint64_t corrupt = 0;

	if (spool_segment_scan(fd, last->base, &end, &corrupt, error) < 0)
		return -1;
	if (corrupt > 0)
		log_warn("spool",
			 "corrupt bytes inside a segment folder=%s base=%llu "
			 "bytes=%llu",
			 log->folder, (unsigned long long)last->base,
			 (unsigned long long)corrupt);
	if (end == last->base + last->size)
		return 0;
	log_warn("spool",
		 "cut off an append that was not complete folder=%s offset=%llu "
		 "bytes=%llu",
		 log->folder, (unsigned long long)end,
		 (unsigned long long)(last->base + last->size - end));
	if (ftruncate(fd, (off_t)(end - last->base)) < 0 || fdatasync(fd) < 0)
		return error_set_errno(error, "truncate");
	last->size = end - last->base;
	return 0;
}

static int recover(struct spool_log *log, struct error *error)
{
	struct spool_segment *last = NULL;

	if (spool_segments_list(log->folder, &log->segments, error) < 0)
		return -1;
	clamp_sizes(&log->segments);
	if (log->segments.count == 0)
		return 0;
	last = &log->segments.items[log->segments.count - 1];
	log->fd = spool_segment_open(log->folder, last->base, O_RDWR, error);
	if (log->fd < 0)
		return -1;
	if (cut_tail(log, log->fd, last, error) < 0)
		return error_prefix(error, "spool %s", log->folder);
	log->base = last->base;
	log->written = last->base + last->size;
	log->durable = log->written;
	return 0;
}

int spool_log_open(const char *folder, struct spool_log **out, struct error *error)
{
	struct spool_log *log = NULL;

	if (spool_folder_make(folder, error) < 0)
		return -1;
	log = mem_calloc(1, sizeof(*log));
	log->folder = mem_strdup(folder);
	log->fd = -1;
	pthread_mutex_init(&log->mutex, NULL);
	pthread_cond_init(&log->changed, NULL);
	if (recover(log, error) < 0) {
		spool_log_close(&log);
		return -1;
	}
	*out = log;
	return 0;
}

void spool_log_close(struct spool_log **log)
{
	if (*log == NULL)
		return;
	if ((*log)->fd >= 0)
		(void)close((*log)->fd); /* what matters was synced */
	pthread_cond_destroy(&(*log)->changed);
	pthread_mutex_destroy(&(*log)->mutex);
	mem_free((*log)->segments.items);
	mem_free((*log)->folder);
	mem_free(*log);
	*log = NULL;
}

uint64_t spool_log_bytes(struct spool_log *log)
{
	uint64_t bytes = 0;

	pthread_mutex_lock(&log->mutex);
	for (size_t i = 0; i < log->segments.count; i++)
		bytes += log->segments.items[i].size;
	pthread_mutex_unlock(&log->mutex);
	return bytes;
}

uint64_t spool_log_first(struct spool_log *log)
{
	uint64_t first = 0;

	pthread_mutex_lock(&log->mutex);
	first = log->segments.count > 0 ? log->segments.items[0].base : log->durable;
	pthread_mutex_unlock(&log->mutex);
	return first;
}

uint64_t spool_log_durable(struct spool_log *log)
{
	uint64_t durable = 0;

	pthread_mutex_lock(&log->mutex);
	durable = log->durable;
	pthread_mutex_unlock(&log->mutex);
	return durable;
}

static void close_active(struct spool_log *log)
{
	if (log->fd >= 0)
		(void)close(log->fd); /* what matters was synced */
	log->fd = -1;
}

void spool_log_resume_at(struct spool_log *log, uint64_t offset)
{
	close_active(log);
	pthread_mutex_lock(&log->mutex);
	log->written = offset;
	log->durable = offset;
	pthread_mutex_unlock(&log->mutex);
}

int spool_log_begin(struct spool_log *log, uint64_t segment_bytes, uint64_t *offset,
		    struct error *error)
{
	if (log->fd >= 0 && log->written - log->base >= segment_bytes)
		close_active(log);
	if (log->fd < 0) {
		struct spool_segments *segments = &log->segments;

		log->fd = spool_segment_create(log->folder, log->written, error);
		if (log->fd < 0)
			return -1;
		log->base = log->written;
		crash_point("spool.segment_made");
		pthread_mutex_lock(&log->mutex);
		mem_grow(&segments->items, &segments->capacity, segments->count,
			 sizeof(*segments->items));
		segments->items[segments->count++] =
			(struct spool_segment){ log->base, 0 };
		pthread_mutex_unlock(&log->mutex);
	}
	*offset = log->written;
	return 0;
}

/* forgets the first bytes of the vector */
static void advance(struct iovec **iov, size_t *count, size_t bytes)
{
	while (*count > 0 && bytes >= (*iov)->iov_len) {
		bytes -= (*iov)->iov_len;
		(*iov)++;
		(*count)--;
	}
	if (*count > 0) {
		(*iov)->iov_base = (char *)(*iov)->iov_base + bytes;
		(*iov)->iov_len -= bytes;
	}
}

int spool_log_write(struct spool_log *log, struct iovec *iov, size_t count,
		    struct error *error)
{
	while (count > 0) {
		int batch = (int)(count < IOV_AT_ONCE ? count : IOV_AT_ONCE);
		ssize_t n =
			pwritev(log->fd, iov, batch, (off_t)(log->written - log->base));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(error, "spool %s: write", log->folder);
		log->written += (size_t)n;
		advance(&iov, &count, (size_t)n);
	}
	return 0;
}

int spool_log_sync(struct spool_log *log, struct error *error)
{
	crash_point("spool.written");
	if (fdatasync(log->fd) < 0)
		return error_set_errno(error, "spool %s: fdatasync", log->folder);
	crash_point("spool.durable");
	pthread_mutex_lock(&log->mutex);
	log->durable = log->written;
	log->segments.items[log->segments.count - 1].size = log->written - log->base;
	pthread_cond_broadcast(&log->changed);
	pthread_mutex_unlock(&log->mutex);
	return 0;
}

/* nothing in it is durable: its name goes too, so that the next attempt gets an inode
 * of its own */
static void remove_active(struct spool_log *log)
{
	struct error error;

	pthread_mutex_lock(&log->mutex);
	log->segments.count--;
	pthread_mutex_unlock(&log->mutex);
	if (spool_segment_remove(log->folder, log->base, &error) < 0)
		log_warn("spool", "%s", error.text);
}

/* After a failed fdatasync the kernel may have marked pages clean that never reached
 * the disk, and a second fdatasync of that file would report success. So the file is
 * never written to again. */
void spool_log_abandon(struct spool_log *log)
{
	uint64_t durable = spool_log_durable(log);

	if (log->fd >= 0 && durable == log->base)
		remove_active(log);
	else if (log->fd >= 0 && ftruncate(log->fd, (off_t)(durable - log->base)) < 0)
		log_warn("spool", "could not cut off a failed append folder=%s",
			 log->folder);
	close_active(log);
	log->written = durable;
}

static void remove_first(struct spool_log *log)
{
	struct spool_segments *segments = &log->segments;

	segments->count--;
	memmove(&segments->items[0], &segments->items[1],
		segments->count * sizeof(*segments->items));
}

/* false: none, or it cannot be deleted */
static bool take_deletable(struct spool_log *log, uint64_t offset, uint64_t min_bytes,
			   struct spool_segment *out)
{
	const struct spool_segment *first = log->segments.items;
	bool active = log->segments.count == 1 && log->fd >= 0;

	if (log->segments.count == 0 || first->base + first->size > offset)
		return false;
	if (active && (log->written != log->durable || first->size == 0 ||
		       first->size < min_bytes))
		return false;
	*out = *first;
	remove_first(log);
	if (active)
		close_active(log);
	return true;
}

uint64_t spool_log_trim(struct spool_log *log, uint64_t offset, uint64_t min_bytes)
{
	struct spool_segment segment = { 0 };
	struct error error;
	uint64_t freed = 0;
	bool found = true;

	while (found) {
		pthread_mutex_lock(&log->mutex);
		found = take_deletable(log, offset, min_bytes, &segment);
		pthread_mutex_unlock(&log->mutex);
		if (!found)
			break;
		freed += segment.size;
		crash_point("spool.trim");
		if (spool_segment_remove(log->folder, segment.base, &error) < 0)
			log_warn("spool", "%s", error.text);
	}
	return freed;
}

bool spool_log_wait(struct spool_log *log, uint64_t offset)
{
	bool there = false;

	pthread_mutex_lock(&log->mutex);
	while (!log->interrupted && log->durable <= offset)
		pthread_cond_wait(&log->changed, &log->mutex);
	there = !log->interrupted;
	log->interrupted = false;
	pthread_mutex_unlock(&log->mutex);
	return there;
}

void spool_log_interrupt(struct spool_log *log)
{
	pthread_mutex_lock(&log->mutex);
	log->interrupted = true;
	pthread_cond_broadcast(&log->changed);
	pthread_mutex_unlock(&log->mutex);
}

static const struct spool_segment *segment_at(const struct spool_log *log,
					      uint64_t offset)
{
	for (size_t i = 0; i < log->segments.count; i++) {
		const struct spool_segment *segment = &log->segments.items[i];

		if (segment->size > 0 && segment->base + segment->size > offset)
			return segment;
	}
	return NULL;
}

int spool_log_piece(struct spool_log *log, uint64_t offset, struct spool_piece *out,
		    struct error *error)
{
	const struct spool_segment *segment = NULL;
	struct spool_segment found = { 0 };

	pthread_mutex_lock(&log->mutex);
	segment = segment_at(log, offset);
	if (segment != NULL)
		found = *segment;
	pthread_mutex_unlock(&log->mutex);
	if (found.size == 0)
		return error_set(error, "spool %s: nothing at offset %llu", log->folder,
				 (unsigned long long)offset);
	*out = (struct spool_piece){
		.base = found.base,
		.begin = offset > found.base ? offset : found.base,
		.end = found.base + found.size,
	};
	out->fd = spool_segment_open(log->folder, found.base, O_RDONLY, error);
	return out->fd < 0 ? -1 : 0;
}
