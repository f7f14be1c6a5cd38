/* test_spool_model.c - random appends, failures, trims and crashes, against a model
 *
 * One partition is written to, synced, trimmed and opened again on a disk that forgets:
 * pwritev, fdatasync, fsync, ftruncate and unlink are wrapped, and a power failure
 * leaves of each file what was synced, and of what was not any mixture of old and new
 * sectors, of any length; names that were removed may be back. The model knows which
 * appends were acknowledged. After each crash the log must give
 *
 *   - every acknowledged append behind the committed offset, once, whole, in order
 *   - of the others any, but each once, whole, in order
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "sources/spool_format.h"
#include "sources/spool_log.h"
#include "tests/unit/forgetful_disk.h"
#include "tests/unit/temp_folder.h"

#define SEGMENT_BYTES 3000
#define APPENDS_MAX 4000
#define FRAMES_MAX 4
#define PAYLOAD_MAX 300
#define GROUP_MAX 5
#define STEPS 400
#define SEEDS 24

struct append {
	uint64_t begin; /* in the log, where it was written last */
	uint64_t end;
	unsigned frames;
	bool written;
	bool acknowledged;
};

static struct model {
	char folder[TEMP_FOLDER_MAX + 16];
	struct spool_log *log;
	struct append appends[APPENDS_MAX];
	size_t count;
	uint64_t committed;
	uint64_t crashes;
	uint64_t survivors; /* that nobody was promised */
} model;

static void open_log(void)
{
	struct error error;

	/* a daemon that cannot cut off a torn tail does not start, and is started again
	 */
	while (spool_log_open(model.folder, &model.log, &error) < 0)
		assert_true(disk.failing);
	/* as spool.c does with the stored position */
	if (spool_log_durable(model.log) < model.committed)
		spool_log_resume_at(model.log, model.committed);
}

/* frames of one append, not sealed */
static size_t make_append(size_t id, struct buf *out)
{
	unsigned frames = 1 + (unsigned)dice(FRAMES_MAX);
	size_t begin = out->len;

	for (unsigned i = 0; i < frames; i++) {
		char payload[PAYLOAD_MAX];
		size_t len = 32 + dice(PAYLOAD_MAX - 32);
		struct spool_frame frame = { .substream = id,
					     .project_id = i,
					     .ingestion_id = frames };

		memset(payload, 'a' + (int)(id % 26), sizeof(payload));
		frame.payload = slice_of(payload, len);
		frame.flags = i + 1 == frames ? SPOOL_FRAME_APPEND_END : 0;
		buf_reserve(out, SPOOL_HEADER_BYTES + len);
		spool_frame_write(out->data + out->len, &frame);
		out->len += SPOOL_HEADER_BYTES + len;
	}
	model.appends[id].frames = frames;
	return out->len - begin;
}

static void seal(char *bytes, size_t len, uint64_t offset)
{
	for (size_t at = 0; at < len;)
		at += spool_frame_seal(bytes + at, offset + at);
}

/* one group: written and synced, or given up and written again to another file */
static bool write_group(struct buf *bytes, const size_t *sizes, size_t first,
			size_t count)
{
	uint64_t offset = 0;
	struct error error;
	size_t at = 0;

	if (spool_log_begin(model.log, SEGMENT_BYTES, &offset, &error) < 0)
		fail_msg("%s", error.text);
	for (size_t i = 0; i < count; i++) {
		struct iovec iov = { bytes->data + at, sizes[i] };
		struct append *append = &model.appends[first + i];

		seal(bytes->data + at, sizes[i], offset + at);
		append->begin = offset + at;
		append->end = append->begin + sizes[i];
		append->written = true;
		if (spool_log_write(model.log, &iov, 1, &error) < 0)
			return false;
		at += sizes[i];
	}
	return spool_log_sync(model.log, &error) == 0;
}

static void step_append(bool sync)
{
	size_t count = 1 + dice(GROUP_MAX);
	size_t first = model.count;
	size_t sizes[GROUP_MAX];
	struct buf bytes = { 0 };
	uint64_t offset = 0;
	struct error error;

	assert_true(first + count <= APPENDS_MAX);
	for (size_t i = 0; i < count; i++) {
		model.appends[first + i] = (struct append){ 0 };
		sizes[i] = make_append(first + i, &bytes);
	}
	model.count += count;
	if (sync) {
		while (!write_group(&bytes, sizes, first, count))
			spool_log_abandon(model.log);
		for (size_t i = 0; i < count; i++)
			model.appends[first + i].acknowledged = true;
	} else {
		/* the process dies between write and sync */
		struct iovec iov = { bytes.data, bytes.len - dice(bytes.len) };

		if (spool_log_begin(model.log, SEGMENT_BYTES, &offset, &error) < 0)
			fail_msg("%s", error.text);
		seal(bytes.data, bytes.len, offset);
		if (spool_log_write(model.log, &iov, 1, &error) < 0)
			disk.failures++; /* and dies anyway */
	}
	buf_deinit(&bytes);
}

/* the positions of acknowledged appends are what a database stores */
static void step_commit(void)
{
	for (size_t i = model.count; i-- > 0;) {
		if (!model.appends[i].acknowledged || dice(3) != 0)
			continue;
		if (model.appends[i].end > model.committed)
			model.committed = model.appends[i].end;
		break;
	}
	(void)spool_log_trim(model.log, model.committed, SEGMENT_BYTES / 2);
}

struct reading {
	size_t next;    /* an append before it must not come any more */
	size_t open;    /* of which frames are to come; APPENDS_MAX: of none */
	unsigned frame; /* of it */
	bool *seen;
};

static void read_frame(struct reading *reading, const struct spool_frame *frame)
{
	size_t id = (size_t)frame->substream;

	assert_true(id < model.count);
	if (reading->open == APPENDS_MAX || id != reading->open) {
		assert_true(id >= reading->next);
		reading->frame = 0;
	}
	/* whole, and in order, unless it was never acknowledged */
	if (model.appends[id].acknowledged)
		assert_int_equal(frame->project_id, reading->frame);
	reading->frame = (unsigned)frame->project_id + 1;
	reading->open = id;
	if ((frame->flags & SPOOL_FRAME_APPEND_END) != 0) {
		assert_int_equal(reading->frame, model.appends[id].frames);
		assert_false(reading->seen[id]);
		reading->seen[id] = true;
		reading->next = id + 1;
		reading->open = APPENDS_MAX;
	}
}

static void read_piece(struct reading *reading, const struct spool_piece *piece)
{
	static char bytes[FILE_BYTES];
	size_t len = (size_t)(piece->end - piece->begin);
	size_t at = 0;

	assert_true(len <= sizeof(bytes));
	assert_int_equal(
		pread(piece->fd, bytes, len, (off_t)(piece->begin - piece->base)), len);
	while (at < len) {
		struct slice rest = slice_of(bytes + at, len - at);
		struct spool_frame frame;
		ssize_t n = spool_frame_read(rest, piece->begin + at, &frame);

		if (n > 0)
			read_frame(reading, &frame);
		at += n > 0 ? (size_t)n : spool_frame_skip(rest, piece->begin + at);
	}
}

/* what the log gives from the committed offset on */
static void check(void)
{
	struct reading reading = { .open = APPENDS_MAX };
	uint64_t at = model.committed;

	reading.seen = mem_calloc(APPENDS_MAX, sizeof(bool));
	while (at < spool_log_durable(model.log)) {
		struct spool_piece piece;
		struct error error;

		if (spool_log_piece(model.log, at, &piece, &error) < 0)
			fail_msg("%s", error.text);
		read_piece(&reading, &piece);
		assert_int_equal(close(piece.fd), 0);
		at = piece.end;
	}
	for (size_t i = 0; i < model.count; i++) {
		const struct append *append = &model.appends[i];

		if (append->acknowledged && append->begin >= model.committed)
			assert_true(reading.seen[i]);
		model.survivors += reading.seen[i] && !append->acknowledged;
	}
	mem_free(reading.seen);
}

static void step_crash(void)
{
	bool power = dice(2) == 0;

	if (dice(2) == 0)
		step_append(false);
	spool_log_close(&model.log);
	if (power)
		fail_power();
	model.crashes++;
	open_log();
	check();
}

static void run_seed(uint64_t seed)
{
	char folder[TEMP_FOLDER_MAX];

	assert_int_equal(temp_folder_make(folder), 0);
	model = (struct model){ .survivors = model.survivors };
	(void)snprintf(model.folder, sizeof(model.folder), "%s/p", folder);
	disk.count = 0;
	random_state = seed;
	disk.failing = seed % 4 != 0;
	open_log();
	for (unsigned step = 0; step < STEPS; step++) {
		uint64_t what = dice(20);

		if (what < 13)
			step_append(true);
		else if (what < 17)
			step_commit();
		else
			step_crash();
	}
	check();
	assert_true(model.crashes > 20);
	spool_log_close(&model.log);
	disk.count = 0;
	assert_int_equal(temp_folder_remove(folder), 0);
}

static void test_model(void **state)
{
	(void)state;
	disk.files = mem_calloc(FILES_MAX, sizeof(*disk.files));
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		run_seed(seed);
	/* the disk did fail, and crashes did leave what nobody was promised */
	assert_true(disk.failures > 100);
	assert_true(model.survivors > 10);
	mem_free(disk.files);
}

static void drop_line(enum log_level level, const char *line, void *context)
{
	(void)level;
	(void)line;
	(void)context;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_model) };

	/* thousands of torn tails */
	log_set_sink(drop_line, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
