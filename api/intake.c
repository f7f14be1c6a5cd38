/* intake.c - pastes and uploads
 *
 * States: unpacking (large or compressed files, on a worker) -> spooling (not to be
 * cancelled: the bytes may be durable already) -> counting (the ingestion's row) ->
 * answered 202. A client does not wait longer than SPOOL_WAIT_S for a disk that fails:
 * it is answered 503, and the intake goes on without it. Once the bytes are durable the
 * answer is 202, even when the database cannot count them now: a client that was told
 * otherwise would send them twice.
 */
#include "api/intake.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#include "api/body.h"
#include "api/context.h"
#include "api/multipart.h"
#include "api/unpack.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sinks/pg_pool.h"
#include "sources/decompress.h"
#include "sources/spool.h"

#define SPOOL_WAIT_S 10
/* up to here a body is copied and searched on the loop, sooner than a worker has it */
#define LOOP_BYTES_MAX ((size_t)64 * 1024)

static const char count_sql[] =
	"UPDATE siftd.ingestions SET bytes = bytes + $3, lines = lines + $4,"
	" updated_at = now() WHERE project_id = $1 AND id = $2";

/* outlives its request when the client goes away while the spool writes */
struct intake {
	struct request
		*request; /* NULL: the client has gone, or was told to try later */
	struct event *patience; /* while the request waits for the spool */
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

static void end_patience(struct intake *intake)
{
	if (intake->patience != NULL)
		event_free(intake->patience);
	intake->patience = NULL;
}

static void on_spooled(void *context, const struct error *error)
{
	struct intake *intake = context;

	end_patience(intake);
	if (error == NULL) {
		count(intake);
		return;
	}
	log_error("api", "spool lost logs error=%s", error->text);
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

	end_patience(intake);
	intake->request = NULL;
}

static void on_impatience(evutil_socket_t fd, short what, void *context)
{
	struct intake *intake = context;
	struct request *request = intake->request;

	(void)fd;
	(void)what;
	request_on_cancel(request, NULL, NULL);
	forget_request(intake);
	request_unavailable(request,
			    "The disk takes no logs at the moment. These are kept in "
			    "memory and may still be stored: if they are sent again, "
			    "they may be stored twice.");
}

static void begin_patience(struct intake *intake, struct request *request)
{
	struct timeval wait = { .tv_sec = SPOOL_WAIT_S };

	intake->patience = evtimer_new(request->api->deps.base, on_impatience, intake);
	if (intake->patience == NULL || event_add(intake->patience, &wait) < 0)
		log_warn("api", "no timer: a client may wait for the disk");
}

/* what a compressed file may hold: it is in memory whole */
static size_t plain_bytes_max(const struct request *request)
{
	return request->api->config.body_bytes_max * 4;
}

/* lines to be spooled; owned NULL: they are copied */
struct lines {
	struct slice text;
	struct spool_owned *owned;
	int64_t count;
	int64_t bytes;
};

static bool append(struct spool *spool, const struct spool_entry *entry,
		   const struct spool_owned *owned, struct intake *intake)
{
	if (owned == NULL)
		return spool_append(spool, entry, 1, on_spooled, intake);
	return spool_append_owned(spool, entry, owned, on_spooled, intake);
}

static void spool_lines(struct request *request, const struct lines *lines)
{
	struct spool_entry entry = {
		.project_id = request->caller.project_id,
		.ingestion_id = request->caller.ingestion_id,
		.observed_timestamp_us = clock_now_us(),
		.end = true,
		.bytes = lines->text,
	};
	struct intake *intake = mem_calloc(1, sizeof(*intake));

	*intake = (struct intake){
		.request = request,
		.pool = request->api->deps.pool,
		.project_id = entry.project_id,
		.ingestion_id = entry.ingestion_id,
		.bytes = lines->bytes,
		.lines = lines->count,
	};
	randombytes_buf(&entry.substream, sizeof(entry.substream));
	if (!append(request->api->deps.spool, &entry, lines->owned, intake)) {
		mem_free(intake);
		request_unavailable(request, "The spool is full, or its disk does not "
					     "take more; try again later.");
		return;
	}
	if (lines->owned != NULL)
		lines->owned->release = NULL; /* it is the spool's */
	begin_patience(intake, request);
	request_on_cancel(request, forget_request, intake);
}

static void accept_lines(struct request *request, const char *field,
			 const struct lines *lines)
{
	if (slice_trim(lines->text).len == 0)
		request_problem_field(request, field, "There is no line in %s.", field);
	else if (request->api->deps.spool == NULL)
		request_unavailable(request, "This siftd runs without a spool.");
	else
		spool_lines(request, lines);
}

static void accept_text(struct request *request, const char *field, struct slice text)
{
	struct lines lines = { .text = text };

	unpack_measure(text, &lines.count, &lines.bytes);
	accept_lines(request, field, &lines);
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

struct unpacking {
	struct request *request;
	struct unpack *unpack;
};

static void on_unpacked(void *context, struct unpack_answer *answer)
{
	struct unpacking *unpacking = context;
	struct request *request = unpacking->request;
	struct lines lines = {
		.text = answer->plain,
		.owned = &answer->owned,
		.count = answer->lines,
		.bytes = answer->bytes,
	};

	request_on_cancel(request, NULL, NULL);
	switch (answer->status) {
	case UNPACK_OK:
		accept_lines(request, "file", &lines);
		break;
	case UNPACK_MALFORMED:
		request_problem(request, 400, "%s.", answer->error.text);
		break;
	case UNPACK_CORRUPT:
		request_problem(request, 400, "The file cannot be decompressed: %s.",
				answer->error.text);
		break;
	case UNPACK_TOO_LARGE:
		request_problem(request, 413,
				"The file decompresses to more than %zu bytes; send it "
				"in parts.",
				plain_bytes_max(request));
		break;
	}
}

static void cancel_unpacking(void *context)
{
	struct unpacking *unpacking = context;

	unpack_cancel(unpacking->unpack);
}

static void unpack_body(struct request *request, struct slice boundary)
{
	struct unpacking *unpacking = request_alloc(request, sizeof(*unpacking));
	struct unpack_source source = {
		.body = request_take_body(request),
		.boundary = boundary,
		.bytes_max = plain_bytes_max(request),
	};

	*unpacking = (struct unpacking){ .request = request };
	if (source.body != NULL)
		unpacking->unpack = unpack_start(request->api->deps.workers, &source,
						 on_unpacked, unpacking);
	if (unpacking->unpack == NULL)
		request_unavailable(request, "Too many files are being unpacked.");
	else
		request_on_cancel(request, cancel_unpacking, unpacking);
}

static void accept_small(struct request *request, struct slice boundary)
{
	struct multipart_file file = { .content = request_body(request) };
	struct error error = { 0 };

	if (boundary.ptr != NULL &&
	    multipart_find(file.content, boundary, SLICE("file"), &file, &error) != 0)
		request_problem(request, 400, "%s.", error.text);
	else if (decompress_is_plain(slice_head(file.content, 4)))
		accept_text(request, "file", file.content);
	else
		unpack_body(request, boundary);
}

void intake_upload(struct request *request)
{
	const char *type = request_header(request, "Content-Type");
	struct slice boundary = multipart_boundary(type);

	if (!known_encoding(request))
		return;
	if (boundary.ptr == NULL && type != NULL &&
	    slice_equal_nocase(slice_head(slice_str(type), 10), SLICE("multipart/"))) {
		request_problem(request, 415,
				"Of multipart bodies only multipart/form-data with a "
				"boundary is understood.");
		return;
	}
	if (request->body_len <= LOOP_BYTES_MAX)
		accept_small(request, boundary);
	else
		unpack_body(request, boundary);
}
