/* file_tail.c - the thread of a file_tail source: scan, watch, read in turns
 *
 * One turn reads at most one chunk of each file that may have data, so that a huge file
 * does not starve small ones. The loop thread reaches in through `orders` only.
 */
#include "sources/file_tail.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sources/tail_coded.h"
#include "sources/tail_config.h"
#include "sources/tail_copy.h"
#include "sources/tail_file.h"
#include "sources/tail_intake.h"
#include "sources/tail_mark.h"
#include "sources/tail_orders.h"
#include "sources/tail_scan.h"
#include "sources/tail_set.h"
#include "sources/tail_watch.h"

/* a burst of new names costs one scan */
#define SCAN_GAP_US 100000

struct file_tail {
	struct source source;
	struct file_tail_config config; /* strings are copies */
	struct tail_limits limits;
	struct tail_scan scan;
	struct tail_watch watch;
	struct tail_marks marks;
	struct tail_marks leaving; /* read to their end, and not all committed */
	struct tail_set set;
	struct tail_intake intake;
	int64_t scanned_us;
	int64_t scan_due_us;
	pthread_t thread;
	bool running;
	struct tail_orders orders;
};

static struct file_tail *tail_of(struct source *source)
{
	return (struct file_tail *)source;
}

/* false: the daemon stops */
static bool put(struct file_tail *tail, struct tail_file *file, struct chunk *chunk)
{
	bool opens = file->stream == 0;

	if (opens) {
		char *detail = tail_file_detail(file);

		file->stream = stream_next_id();
		chunk->open = stream_info_new(tail->config.host_id, tail->config.name,
					      file->name, detail);
		chunk->open->begin = chunk->items[0].begin;
		mem_free(detail);
		tail_orders_await(&tail->orders, file->stream);
		atomic_fetch_add(&tail->source.stats.open_streams, 1);
	} else if (chunk->items_count > 0 || file->coded != NULL) {
		chunk->detail = tail_file_detail(file);
	}
	chunk->stream = file->stream;
	for (size_t i = 0; i < chunk->items_count; i++) {
		chunk->items[i].substream = file->stream;
		chunk->items[i].project_id = tail->config.project_id;
		chunk->items[i].ingestion_id = tail->config.ingestion_id;
	}
	if (tail->source.sink.put(tail->source.sink.context, chunk))
		return true;
	chunk_free(&chunk);
	return false;
}

static bool put_last(struct file_tail *tail, struct tail_file *file)
{
	struct chunk *chunk = NULL;

	if (file->stream == 0)
		return true;
	chunk = chunk_new(file->stream, 1);
	chunk->last = true;
	atomic_fetch_sub(&tail->source.stats.open_streams, 1);
	return put(tail, file, chunk);
}

static bool put_data(struct file_tail *tail, struct tail_file *file,
		     struct chunk *chunk)
{
	uint64_t len = chunk->data_len;

	if (chunk->items_count > 0)
		len = (uint64_t)(chunk->items[chunk->items_count - 1].end.offset -
				 chunk->items[0].begin.offset);
	file->quiet_since_us = clock_monotonic_us();
	file->troubled = false;
	atomic_fetch_add(&tail->source.stats.received_bytes, len);
	return put(tail, file, chunk);
}

static bool replace_generation(struct file_tail *tail, struct tail_file *file)
{
	log_warn("file_tail",
		 "truncated or replaced in place: reading from its beginning "
		 "source=%s path=%s read_to=%lld",
		 tail->config.name, file->path, (long long)file->offset);
	atomic_fetch_add(&tail->source.stats.errors, 1);
	if (!put_last(tail, file))
		return false;
	/* a copy of it may be compressed later (copytruncate) */
	if (file->stream != 0)
		tail_marks_add(&tail->leaving, file, true);
	tail_file_begin_generation(file);
	return true;
}

static void report_failure(struct file_tail *tail, struct tail_file *file,
			   const struct error *error)
{
	if (!file->troubled)
		log_warn("file_tail", "%s source=%s path=%s", error->text,
			 tail->config.name, file->path);
	file->troubled = true;
	atomic_fetch_add(&tail->source.stats.errors, 1);
}

/* the last of a compressed file. false: the daemon stops */
static bool end_coded(struct file_tail *tail, struct tail_file *file,
		      struct chunk *chunk)
{
	if (chunk != NULL && !put_data(tail, file, chunk))
		return false;
	file->finished = true;
	file->dirty = false;
	return put_last(tail, file);
}

/* start_at says that it is read from its end on. false: the daemon stops */
static bool skip_present(struct file_tail *tail, struct tail_file *file)
{
	struct chunk *chunk = chunk_new(0, 0);
	struct chunk_item *item = chunk_add_item(chunk);

	if (file->coded != NULL && tail_file_is_utf16(file))
		tail_copy_skip(file);
	item->begin.offset = file->offset;
	item->end.offset = file->offset;
	item->flags = CHUNK_ITEM_DROPPED;
	item->reason = DROP_DUPLICATE;
	file->skips = false;
	tail_file_extend_head(file, tail->limits.head_bytes);
	if (file->coded != NULL && file->coded_bytes > 0)
		return end_coded(tail, file, chunk);
	return put(tail, file, chunk);
}

static enum tail_outcome read_chunk(struct file_tail *tail, struct tail_file *file,
				    struct chunk **out, struct error *error)
{
	const struct tail_origins origins = { &tail->set, &tail->leaving,
					      &tail->marks };

	if (file->coded == NULL && file->offset == 0 && !file->is_own &&
	    tail_copy_suspected(file, &origins))
		file->coded = tail_coded_new(CODED_LOOK, 0);
	if (file->coded == NULL)
		return tail_file_read(file, &tail->limits, out, error);
	return tail_copy_read(file, &tail->limits, &origins, out, error);
}

/* false: the daemon stops */
static bool read_file(struct file_tail *tail, struct tail_file *file)
{
	struct chunk *chunk = NULL;
	struct error error;

	if (file->skips)
		return skip_present(tail, file);
	switch (read_chunk(tail, file, &chunk, &error)) {
	case TAIL_DATA:
		return put_data(tail, file, chunk);
	case TAIL_MORE:
		return true;
	case TAIL_REPLACED:
		return replace_generation(tail, file);
	case TAIL_COMPRESSED:
		file->coded = tail_coded_new(
			tail_file_is_utf16(file) ? CODED_READ : CODED_LOOK, 0);
		return true;
	case TAIL_CORRUPT:
		report_failure(tail, file, &error);
		return end_coded(tail, file, chunk);
	case TAIL_ENDED:
		return end_coded(tail, file, chunk);
	case TAIL_FAILED:
		report_failure(tail, file, &error);
		file->dirty = false;
		return true;
	case TAIL_NOTHING:
		file->dirty = false;
		return true;
	}
	return true;
}

/* one chunk of each file; *busy: some file may have more. false: the daemon stops */
static bool read_turn(struct file_tail *tail, bool *busy)
{
	*busy = false;
	for (size_t i = 0; i < tail->set.ready_count; i++) {
		struct tail_file *file = tail->set.ready[i];
		int64_t from = file->offset;

		if (!file->finished && file->dirty && !read_file(tail, file))
			return false;
		tail_intake_note_read(&tail->intake, file, from);
	}
	atomic_store(&tail->source.stats.lag_bytes, tail->intake.behind_bytes);
	tail_set_settle(&tail->set);
	*busy = tail->set.ready_count > 0;
	return true;
}

static bool still_linked(const struct tail_file *file)
{
	struct stat st = { 0 };

	return fstat(file->fd, &st) == 0 && st.st_nlink > 0;
}

static bool finish_file(struct file_tail *tail, struct tail_file *file)
{
	int64_t quiet_us = clock_monotonic_us() - file->quiet_since_us;

	if (file->listed || file->dirty ||
	    quiet_us < (int64_t)tail->config.linger_ms * 1000)
		return true;
	file->finished = true;
	log_info("file_tail", "read to its end source=%s path=%s stream=%s offset=%lld",
		 tail->config.name, file->path, file->name, (long long)file->offset);
	return put_last(tail, file);
}

/* what was truncated in place is known by its mark alone once it is committed */
static void retire_generations(struct file_tail *tail)
{
	for (size_t i = tail->leaving.count; i-- > 0;) {
		const struct tail_mark *mark = &tail->leaving.items[i];

		if (tail_orders_offset(&tail->orders, mark->stream) < mark->offset)
			continue;
		tail_orders_forget(&tail->orders, mark->stream);
		tail_marks_move(&tail->leaving, i, &tail->marks);
	}
}

/* closes what was read to its end and committed. false: the daemon stops */
static bool retire_files(struct file_tail *tail)
{
	for (size_t i = tail->set.count; i-- > 0;) {
		struct tail_file *file = tail->set.files[i];

		if (!file->finished && !finish_file(tail, file))
			return false;
		if (!file->finished ||
		    (file->stream != 0 &&
		     tail_orders_offset(&tail->orders, file->stream) < file->offset))
			continue;
		if (file->offset > 0 || file->coded != NULL)
			tail_marks_add(&tail->marks, file, !still_linked(file));
		tail_orders_forget(&tail->orders, file->stream);
		tail_set_drop(&tail->set, i);
	}
	return true;
}

static bool scan(struct file_tail *tail)
{
	tail_intake_run(&tail->intake);
	atomic_store(&tail->source.stats.lag_bytes, tail->intake.behind_bytes);
	atomic_store(&tail->source.stats.waiting_files, tail->intake.waiting);
	atomic_store(&tail->source.stats.unwatched_files,
		     tail->watch.off ? 0 : tail->set.unwatched);
	tail->scanned_us = clock_monotonic_us();
	tail->scan_due_us = tail->scanned_us + (int64_t)tail->config.rescan_ms * 1000;
	retire_generations(tail);
	return retire_files(tail);
}

static void on_event(void *context, enum tail_event event, int id)
{
	struct file_tail *tail = context;
	struct tail_file *file = NULL;

	if (event == TAIL_EVENT_WATCH)
		file = tail_set_by_watch(&tail->set, id);
	if (file != NULL)
		tail_set_make_ready(&tail->set, file);
	else
		tail->scan_due_us = tail->scanned_us + SCAN_GAP_US;
}

static void wait_for_events(struct file_tail *tail, bool busy)
{
	int64_t left_us = tail->scan_due_us - clock_monotonic_us();
	struct pollfd fds[2] = { { .fd = tail->watch.fd, .events = POLLIN },
				 { .fd = tail->orders.wake_fd, .events = POLLIN } };

	if (busy || left_us < 0)
		left_us = 0;
	if (poll(fds, 2, (int)((left_us + 999) / 1000)) <= 0)
		return;
	tail_orders_woken(&tail->orders);
	tail_watch_drain(&tail->watch, on_event, tail);
}

static void rewind_file(struct file_tail *tail, struct tail_file *file)
{
	const struct tail_mark *mark = tail_marks_named(&tail->marks, file->name);

	file->offset = mark == NULL ? file->first : mark->offset;
	file->stream = 0;
	file->finished = false;
	tail_set_make_ready(&tail->set, file);
	if (file->coded == NULL)
		return;
	tail_coded_free(&file->coded);
	file->coded_bytes = 0;
	file->coded = mark == NULL && !tail_file_is_utf16(file)
			      ? tail_coded_new(CODED_LOOK, 0)
			      : tail_coded_new(CODED_READ, file->offset);
}

static void apply_rewind(struct file_tail *tail)
{
	struct tail_marks marks = { 0 };

	if (!tail_orders_take_rewind(&tail->orders, &marks))
		return;
	tail_marks_deinit(&tail->marks);
	tail_marks_deinit(&tail->leaving);
	tail->marks = marks;
	atomic_store(&tail->source.stats.open_streams, 0);
	for (size_t i = 0; i < tail->set.count; i++)
		rewind_file(tail, tail->set.files[i]);
}

static void *run(void *context)
{
	struct file_tail *tail = context;
	bool busy = false;

	while (!tail_orders_stopping(&tail->orders)) {
		apply_rewind(tail);
		if (clock_monotonic_us() >= tail->scan_due_us && !scan(tail))
			break;
		if (!read_turn(tail, &busy))
			break;
		wait_for_events(tail, busy);
	}
	return NULL;
}

static int start_thread(struct file_tail *tail, struct error *error)
{
	sigset_t all;
	sigset_t before;
	int status = 0;

	/* signals are the loop's */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	status = pthread_create(&tail->thread, NULL, run, tail);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = status;
	if (status != 0)
		return error_set_errno(error, "pthread_create");
	(void)pthread_setname_np(tail->thread, "file_tail"); /* a comfort only */
	tail->running = true;
	return 0;
}

static int start(struct source *source, const struct stored_positions *positions,
		 struct error *error)
{
	struct file_tail *tail = tail_of(source);

	tail_marks_load(&tail->marks, positions);
	tail->intake.skip_present =
		tail->config.start_at == TAIL_START_END && positions->count == 0;
	if (start_thread(tail, error) < 0)
		return error_prefix(error, "file_tail %s", tail->config.name);
	return 0;
}

static void stop(struct source *source)
{
	struct file_tail *tail = tail_of(source);

	if (!tail->running)
		return;
	tail_orders_stop(&tail->orders);
	pthread_join(tail->thread, NULL);
	tail->running = false;
}

static void committed(struct source *source, uint64_t stream, struct position position)
{
	tail_orders_committed(&tail_of(source)->orders, stream, position.offset);
}

static void rewind_to(struct source *source, const struct stored_positions *positions)
{
	struct tail_marks marks = { 0 };

	tail_marks_load(&marks, positions);
	tail_orders_rewind(&tail_of(source)->orders, &marks);
}

static void free_tail(struct source **source)
{
	struct file_tail *tail = NULL;

	if (*source == NULL)
		return;
	tail = tail_of(*source);
	stop(*source);
	tail_set_deinit(&tail->set);
	tail_watch_close(&tail->watch);
	tail_marks_deinit(&tail->marks);
	tail_marks_deinit(&tail->leaving);
	tail_orders_deinit(&tail->orders);
	tail_scan_deinit(&tail->scan);
	tail_config_deinit(&tail->config);
	mem_free(tail);
	*source = NULL;
}

static const struct source_ops file_tail_ops = {
	.type = "file_tail",
	.start = start,
	.stop = stop,
	.committed = committed,
	.rewind = rewind_to,
	.free = free_tail,
};

int file_tail_new(const struct file_tail_config *config, struct source **out,
		  struct error *error)
{
	struct file_tail *tail = mem_calloc(1, sizeof(*tail));

	if (tail_orders_init(&tail->orders, error) < 0) {
		mem_free(tail);
		return -1;
	}
	tail->config = tail_config_copy(config);
	tail_watch_open(&tail->watch, tail->config.name, config->poll_only);
	tail->source.ops = &file_tail_ops;
	tail->source.name = tail->config.name;
	tail->source.project_id = config->project_id;
	tail->source.ingestion_id = config->ingestion_id;
	tail->limits =
		(struct tail_limits){ tail->config.read_bytes, tail->config.head_bytes,
				      tail->config.linger_ms };
	tail->scan = (struct tail_scan){
		.source = tail->config.name,
		.globs = tail->config.globs,
		.globs_count = tail->config.globs_count,
		.excludes = tail->config.excludes,
		.excludes_count = tail->config.excludes_count,
		.follow_symlinks = tail->config.follow_symlinks,
	};
	tail->set.watch = &tail->watch;
	tail->intake = (struct tail_intake){
		.config = &tail->config,
		.scan = &tail->scan,
		.marks = &tail->marks,
		.set = &tail->set,
		.first_scan = true,
	};
	*out = &tail->source;
	return 0;
}
