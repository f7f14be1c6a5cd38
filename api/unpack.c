/* unpack.c - multipart, decompression and counting as one job of the query workers */
#include "api/unpack.h"

#include <event2/buffer.h>

#include "api/multipart.h"
#include "base/buf.h"
#include "base/mem.h"
#include "sources/decompress.h"

#define PIECE_BYTES ((size_t)256 * 1024)

struct unpack {
	/* the loop's */
	struct query_job *job;
	unpack_done_fn *done; /* NULL: cancelled */
	void *context;
	/* the worker's, from submit to done */
	struct evbuffer *body;
	char boundary[MULTIPART_BOUNDARY_MAX];
	size_t boundary_len;
	size_t bytes_max;
	struct unpack_answer answer;
};

static void unpack_free(struct unpack *unpack)
{
	struct spool_owned *owned = &unpack->answer.owned;

	if (owned->release != NULL)
		owned->release(owned->memory);
	if (unpack->body != NULL)
		evbuffer_free(unpack->body);
	mem_free(unpack);
}

void unpack_measure(struct slice text, int64_t *lines, int64_t *bytes)
{
	while (text.len > 0) {
		const char *end = memchr(text.ptr, '\n', text.len);
		size_t len = end == NULL ? text.len : (size_t)(end - text.ptr);

		++*lines;
		*bytes += (int64_t)len;
		if (len > 0 && text.ptr[len - 1] == '\r')
			--*bytes;
		text = slice_from(text, len + 1);
	}
}

/* 1: a piece more; 0: all of it; -1: the answer says why not */
static int next_piece(struct unpack *unpack, struct decompress *decompress,
		      struct buf *plain)
{
	struct error *error = &unpack->answer.error;
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
		unpack->answer.status = UNPACK_CORRUPT;
	if (status >= 0 && plain->len > unpack->bytes_max) {
		unpack->answer.status = UNPACK_TOO_LARGE;
		return -1;
	}
	return status;
}

static void inflate_file(struct unpack *unpack, const struct query_job *job,
			 struct slice content)
{
	struct decompress *decompress = decompress_new();
	struct buf plain = { 0 };

	decompress_feed(decompress, content);
	while (!query_job_cancelled(job) && next_piece(unpack, decompress, &plain) > 0)
		;
	decompress_free(&decompress);
	unpack->answer.plain = buf_slice(&plain);
	unpack->answer.owned = (struct spool_owned){ plain.data, mem_free };
}

static void free_body(void *body)
{
	evbuffer_free(body);
}

/* false: the answer says why not */
static bool find_file(struct unpack *unpack, struct slice *out)
{
	struct multipart_file file = { 0 };

	/* the copy into one piece that the loop is spared */
	*out = slice_of((const char *)evbuffer_pullup(unpack->body, -1),
			evbuffer_get_length(unpack->body));
	if (unpack->boundary_len == 0)
		return true;
	if (multipart_find(*out, slice_of(unpack->boundary, unpack->boundary_len),
			   SLICE("file"), &file, &unpack->answer.error) < 0) {
		unpack->answer.status = UNPACK_MALFORMED;
		return false;
	}
	*out = file.content;
	return true;
}

static void run(struct query_job *job, void *context)
{
	struct unpack *unpack = context;
	struct unpack_answer *answer = &unpack->answer;
	struct slice content = { 0 };

	if (!find_file(unpack, &content))
		return;
	if (decompress_is_plain(slice_head(content, 4))) {
		answer->plain = content;
		answer->owned = (struct spool_owned){ unpack->body, free_body };
		unpack->body = NULL;
	} else {
		inflate_file(unpack, job, content);
	}
	if (answer->status == UNPACK_OK)
		unpack_measure(answer->plain, &answer->lines, &answer->bytes);
}

static void finish(void *context, bool cancelled)
{
	struct unpack *unpack = context;

	if (!cancelled && unpack->done != NULL)
		unpack->done(unpack->context, &unpack->answer);
	unpack_free(unpack);
}

struct unpack *unpack_start(struct query_workers *workers,
			    const struct unpack_source *source, unpack_done_fn *done,
			    void *context)
{
	struct unpack *unpack = mem_calloc(1, sizeof(*unpack));

	unpack->done = done;
	unpack->context = context;
	unpack->body = source->body;
	unpack->bytes_max = source->bytes_max;
	/* a boundary is legal when it has been read, hence it fits */
	unpack->boundary_len = source->boundary.len;
	if (source->boundary.len > 0)
		memcpy(unpack->boundary, source->boundary.ptr, source->boundary.len);
	unpack->job = query_workers_submit(workers, run, finish, unpack);
	if (unpack->job == NULL) {
		unpack_free(unpack);
		return NULL;
	}
	return unpack;
}

void unpack_cancel(struct unpack *unpack)
{
	unpack->done = NULL;
	query_job_cancel(unpack->job);
}
