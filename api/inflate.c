/* inflate.c - a decompressor as a job of the query workers */
#include "api/inflate.h"

#include "base/buf.h"
#include "base/mem.h"
#include "sources/decompress.h"

#define PIECE_BYTES ((size_t)256 * 1024)

struct inflate {
	/* the loop's */
	struct query_job *job;
	inflate_done_fn *done; /* NULL: cancelled */
	void *context;
	/* the worker's, from submit to done */
	char *compressed;
	size_t compressed_len;
	size_t bytes_max;
	struct buf plain;
	struct inflate_answer answer;
};

static void inflate_free(struct inflate *inflate)
{
	mem_free(inflate->compressed);
	buf_deinit(&inflate->plain);
	mem_free(inflate);
}

/* 1: a piece more; 0: all of it; -1: the answer says why not */
static int next_piece(struct inflate *inflate, struct decompress *decompress)
{
	struct buf *plain = &inflate->plain;
	struct error *error = &inflate->answer.error;
	size_t len = 0;
	int status = 0;

	buf_reserve(plain, PIECE_BYTES);
	status = decompress_next(decompress, plain->data + plain->len, PIECE_BYTES,
				 &len, error);
	if (status == 0)
		status = decompress_finish(decompress, error);
	else if (status > 0)
		plain->len += len;
	if (status < 0)
		inflate->answer.status = INFLATE_CORRUPT;
	if (status >= 0 && plain->len > inflate->bytes_max) {
		inflate->answer.status = INFLATE_TOO_LARGE;
		return -1;
	}
	return status;
}

static void run(struct query_job *job, void *context)
{
	struct inflate *inflate = context;
	struct decompress *decompress = decompress_new();

	decompress_feed(decompress,
			slice_of(inflate->compressed, inflate->compressed_len));
	while (!query_job_cancelled(job) && next_piece(inflate, decompress) > 0)
		;
	decompress_free(&decompress);
}

static void finish(void *context, bool cancelled)
{
	struct inflate *inflate = context;

	inflate->answer.plain = buf_slice(&inflate->plain);
	if (!cancelled && inflate->done != NULL)
		inflate->done(inflate->context, &inflate->answer);
	inflate_free(inflate);
}

struct inflate *inflate_start(struct query_workers *workers, struct slice compressed,
			      size_t bytes_max, inflate_done_fn *done, void *context)
{
	struct inflate *inflate = mem_calloc(1, sizeof(*inflate));

	inflate->done = done;
	inflate->context = context;
	inflate->compressed = mem_slice_dup(compressed);
	inflate->compressed_len = compressed.len;
	inflate->bytes_max = bytes_max;
	inflate->job = query_workers_submit(workers, run, finish, inflate);
	if (inflate->job == NULL) {
		inflate_free(inflate);
		return NULL;
	}
	return inflate;
}

void inflate_cancel(struct inflate *inflate)
{
	inflate->done = NULL;
	query_job_cancel(inflate->job);
}
