/* intake.c - pastes and uploads
 *
 * States: inflating (compressed files only, on a worker) -> spooling (not to be
 * cancelled: the bytes may be durable already) -> counting (the ingestion's row) ->
 * answered 202. Once the bytes are durable the answer is 202, even when the database
 * cannot count them now: a client that was told otherwise would send them twice.
 */
#include "api/intake.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#include "api/body.h"
#include "api/context.h"
#include "api/inflate.h"
#include "api/multipart.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sinks/pg_pool.h"
#include "sources/decompress.h"
#include "sources/spool.h"

static const char count_sql[] =
	"UPDATE siftd.ingestions SET bytes = bytes + $3, lines = lines + $4,"
	" updated_at = now() WHERE project_id = $1 AND id = $2";

/* outlives its request when the client goes away while the spool writes */
struct intake {
	struct request *request; /* NULL: the client has gone */
	struct pg_pool *pool;
	int64_t project_id;
	int64_t ingestion_id;
	int64_t bytes; /* without line ends */
	int64_t lines;
};

static void answer_accepted(struct intake *intake)
{
	struct request *request = intake->request;
	struct json_out out = json_out_init(&request->out);

	json_object_begin(&out);
	json_key_int(&out, "ingestion_id", intake->ingestion_id);
	json_key_string(&out, "status", SLICE("processing"));
	json_key(&out, "accepted");
	json_object_begin(&out);
	json_key_int(&out, "bytes", intake->bytes);
	json_key_int(&out, "lines", intake->lines);
	json_object_end(&out);
	json_object_end(&out);
	request_reply_json(request, 202);
}

static void on_counted(void *context, const struct pg_rows *rows,
		       const struct pg_error *error)
{
	struct intake *intake = context;

	if (rows == NULL)
		log_warn("api",
			 "accepted logs were not counted ingestion=%" PRId64
			 " error=%s",
			 intake->ingestion_id, error->error.text);
	if (intake->request != NULL) {
		request_on_cancel(intake->request, NULL, NULL);
		answer_accepted(intake);
	}
	mem_free(intake);
}

static struct pg_param int_param(char text[24], int64_t value)
{
	/* 24 bytes hold any int64 */
	int len = snprintf(text, 24, "%" PRId64, value);

	return (struct pg_param){ .value = slice_of(text, (size_t)len) };
}

static void count(struct intake *intake)
{
	char texts[4][24];
	struct pg_param params[] = {
		int_param(texts[0], intake->project_id),
		int_param(texts[1], intake->ingestion_id),
		int_param(texts[2], intake->bytes),
		int_param(texts[3], intake->lines),
	};

	(void)pg_query(intake->pool, count_sql, params, ARRAY_LEN(params), false,
		       on_counted, intake); /* never cancelled */
}

static void on_spooled(void *context, const struct error *error)
{
	struct intake *intake = context;

	if (error == NULL) {
		count(intake);
		return;
	}
	log_error("api", "spool refused logs error=%s", error->text);
	if (intake->request != NULL) {
		request_on_cancel(intake->request, NULL, NULL);
		request_unavailable(intake->request,
				    "The logs could not be written to disk.");
	}
	mem_free(intake);
}

static void forget_request(void *context)
{
	struct intake *intake = context;

	intake->request = NULL;
}

/* lines, and bytes that are no line ends */
static void measure(struct slice text, struct intake *intake)
{
	while (text.len > 0) {
		const char *end = memchr(text.ptr, '\n', text.len);
		size_t len = end == NULL ? text.len : (size_t)(end - text.ptr);

		intake->lines++;
		intake->bytes += (int64_t)len;
		if (len > 0 && text.ptr[len - 1] == '\r')
			intake->bytes--;
		text = slice_from(text, len + 1);
	}
}

static struct intake *intake_new(struct request *request, struct slice text)
{
	struct intake *intake = mem_calloc(1, sizeof(*intake));

	intake->request = request;
	intake->pool = request->api->deps.pool;
	intake->project_id = request->caller.project_id;
	intake->ingestion_id = request->caller.ingestion_id;
	measure(text, intake);
	return intake;
}

/* what a compressed file may hold: it is in memory whole, twice for a moment */
static size_t plain_bytes_max(const struct request *request)
{
	return request->api->config.body_bytes_max * 4;
}

static void accept_text(struct request *request, const char *field, struct slice text)
{
	struct spool *spool = request->api->deps.spool;
	struct spool_entry entry = {
		.project_id = request->caller.project_id,
		.ingestion_id = request->caller.ingestion_id,
		.observed_timestamp_us = clock_now_us(),
		.end = true,
		.bytes = text,
	};
	struct intake *intake = NULL;

	if (slice_trim(text).len == 0) {
		request_problem_field(request, field, "There is no line in %s.", field);
		return;
	}
	if (spool == NULL) {
		request_unavailable(request, "This siftd runs without a spool.");
		return;
	}
	randombytes_buf(&entry.substream, sizeof(entry.substream));
	intake = intake_new(request, text);
	if (!spool_append(spool, &entry, 1, on_spooled, intake)) {
		mem_free(intake);
		request_unavailable(request, "The spool is full; try again later.");
		return;
	}
	request_on_cancel(request, forget_request, intake);
}

void intake_paste(struct request *request)
{
	struct body body = { 0 };
	struct slice text = { 0 };

	if (!body_read(request, &body))
		return;
	text = body_bytes(&body, "text");
	if (body_done(&body))
		accept_text(request, "text", text);
}

/* false: answered with 415 */
static bool known_encoding(struct request *request)
{
	static const char *const known[] = { "identity", "gzip", "x-gzip", "zstd" };
	const char *encoding = request_header(request, "Content-Encoding");

	for (size_t i = 0; encoding != NULL && i < ARRAY_LEN(known); i++) {
		if (slice_equal_nocase(slice_str(encoding), slice_str(known[i])))
			return true;
	}
	if (encoding == NULL)
		return true;
	request_problem(
		request, 415,
		"Content-Encoding %.40s is unknown here; gzip and zstd are known.",
		encoding);
	return false;
}

struct inflating {
	struct request *request;
	struct inflate *inflate;
};

static void on_inflated(void *context, const struct inflate_answer *answer)
{
	struct inflating *inflating = context;
	struct request *request = inflating->request;

	request_on_cancel(request, NULL, NULL);
	switch (answer->status) {
	case INFLATE_OK:
		accept_text(request, "file", answer->plain);
		break;
	case INFLATE_CORRUPT:
		request_problem(request, 400, "The file cannot be decompressed: %s.",
				answer->error.text);
		break;
	case INFLATE_TOO_LARGE:
		request_problem(request, 413,
				"The file decompresses to more than %zu bytes; send it "
				"in parts.",
				plain_bytes_max(request));
		break;
	}
}

static void cancel_inflating(void *context)
{
	struct inflating *inflating = context;

	inflate_cancel(inflating->inflate);
}

static void accept_compressed(struct request *request, struct slice content)
{
	struct inflating *inflating = request_alloc(request, sizeof(*inflating));

	inflating->request = request;
	inflating->inflate =
		inflate_start(request->api->deps.workers, content,
			      plain_bytes_max(request), on_inflated, inflating);
	if (inflating->inflate == NULL)
		request_unavailable(request, "Too many files are being decompressed.");
	else
		request_on_cancel(request, cancel_inflating, inflating);
}

void intake_upload(struct request *request)
{
	const char *type = request_header(request, "Content-Type");
	struct slice boundary = multipart_boundary(type);
	struct multipart_file file = { .content = request->body };
	struct error error = { 0 };

	if (!known_encoding(request))
		return;
	if (boundary.ptr == NULL && type != NULL &&
	    slice_equal_nocase(slice_head(slice_str(type), 10), SLICE("multipart/"))) {
		request_problem(request, 415,
				"Of multipart bodies only multipart/form-data with a "
				"boundary is understood.");
		return;
	}
	if (boundary.ptr != NULL && multipart_find(request->body, boundary,
						   SLICE("file"), &file, &error) != 0) {
		request_problem(request, 400, "%s.", error.text);
		return;
	}
	if (decompress_is_plain(slice_head(file.content, 4)))
		accept_text(request, "file", file.content);
	else
		accept_compressed(request, file.content);
}
