/* test_upload_reader.c - what a damaged upload gives when it is read, and read again */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "sources/upload_reader.h"

#define WAIT_MS 10000
/* a stored deflate block of ten bytes, and then what is none */
#define PLAIN_BYTES 10
static char damaged[] = "\x1f\x8b\x08\0\0\0\0\0\0\x03"
			"\0\x0a\0\xf5\xff"
			"some line\n"
			"\xff\xff\xff\xff";

static bool put(void *context, struct chunk *chunk)
{
	return mailbox_put(context, chunk, 1);
}

static void free_chunk(void *item)
{
	struct chunk *chunk = item;

	chunk_free(&chunk);
}

struct sums {
	uint64_t stored;
	uint64_t skipped;
	int64_t begin; /* where the stream began, and its last item ended */
	int64_t end;
};

/* of the chunks of one reading, from there on */
static struct sums read_from(const char *folder, const struct upload_file *file,
			     int64_t from)
{
	struct mailbox *chunks = mailbox_new(100);
	const struct source_sink sink = { .context = chunks, .put = put };
	struct source_stats stats = { 0 };
	const struct upload_reader_config config = { .folder = folder,
						     .host_id = "host",
						     .source = "uploads",
						     .sink = &sink,
						     .stats = &stats };
	struct upload_reader *reader = upload_reader_new(&config);
	struct sums sums = { 0 };
	struct error error;
	bool last = false;

	upload_reader_add(reader, file, from);
	assert_int_equal(upload_reader_start(reader, &error), 0);
	while (!last) {
		struct chunk *chunk = mailbox_wait(chunks, WAIT_MS);

		assert_non_null(chunk);
		if (chunk->open != NULL)
			sums.begin = chunk->open->begin.offset;
		for (size_t i = 0; i < chunk->items_count; i++) {
			sums.stored += chunk->items[i].len;
			sums.skipped += chunk->items[i].skipped;
			assert_true(chunk->items[i].begin.offset >= sums.begin);
			sums.end = chunk->items[i].end.offset;
		}
		last = chunk->last;
		free_chunk(chunk);
	}
	upload_reader_free(&reader);
	mailbox_free(&chunks, free_chunk);
	return sums;
}

/* siftd may end between the commit of the last bytes and the removal of the file */
static void test_a_loss_is_told_once(void **state)
{
	char folder[] = "/tmp/test_upload_reader-XXXXXX";
	struct upload_file file = { .id = "0123456789abcdef0123456789abcdef",
				    .length = sizeof(damaged) - 1 };
	const struct iovec piece = { damaged, sizeof(damaged) - 1 };
	struct error error;
	struct sums sums = { 0 };
	int64_t end = 0;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(upload_file_create(folder, &file, &error), 0);
	assert_int_equal(upload_file_append(folder, &file, &piece, 1, &error), 0);

	sums = read_from(folder, &file, 0);
	end = sums.end;
	assert_int_equal(sums.stored, PLAIN_BYTES);
	assert_true(sums.skipped > 0);
	assert_int_equal(end, PLAIN_BYTES + (int64_t)sums.skipped);

	sums = read_from(folder, &file, PLAIN_BYTES);
	assert_int_equal(sums.stored, 0);
	assert_int_equal(sums.end, end);
	assert_int_equal(end, PLAIN_BYTES + (int64_t)sums.skipped);

	sums = read_from(folder, &file, end);
	assert_int_equal(sums.stored, 0);
	assert_int_equal(sums.skipped, 0);
	assert_int_equal(sums.end, end);
	upload_file_remove(folder, file.id);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_loss_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
