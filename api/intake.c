/* intake.c - pastes and uploads
 *
 * States: unpacking (large or compressed files, on a worker) -> spooling and counting
 * (durable.h) -> answered 202.
 */
#include "api/intake.h"

#include "api/body.h"
#include "api/context.h"
#include "api/durable.h"
#include "api/multipart.h"
#include "api/unpack.h"
#include "base/clock.h"
#include "sources/decompress.h"

/* up to here a body is copied and searched on the loop, sooner than a worker has it */
#define LOOP_BYTES_MAX ((size_t)64 * 1024)

static void answer_accepted(struct request *request, const struct durable_lines *lines)
{
	struct json_out out = json_out_init(&request->out);

	json_object_begin(&out);
	json_key_int(&out, "ingestion_id", request->caller.ingestion_id);
	json_key_string(&out, "status", SLICE("processing"));
	json_key(&out, "accepted");
	json_object_begin(&out);
	json_key_int(&out, "bytes", lines->bytes);
	json_key_int(&out, "lines", lines->count);
	json_object_end(&out);
	json_object_end(&out);
	request_reply_json(request, 202);
}

/* for a reason that is not the sender's */
static void refuse(struct request *request, const char *detail)
{
	const struct http_origin origin = { .project_id = request->caller.project_id,
					    .way = HTTP_WAY_UPLOAD };

	http_tally_fail(request->api->deps.tally, &origin, clock_monotonic_us());
	request_unavailable(request, detail);
}

static void on_durable(struct request *request, enum durable_status status,
		       const struct durable_lines *lines)
{
	if (status == DURABLE_OK)
		answer_accepted(request, lines);
	else
		refuse(request, durable_detail(status));
}

/* what a compressed file may hold: it is in memory whole */
static size_t plain_bytes_max(const struct request *request)
{
	return request->api->config.body_bytes_max * 4;
}

static void accept_lines(struct request *request, const char *field,
			 struct durable_lines *lines)
{
	if (slice_trim(lines->text).len == 0)
		request_problem_field(request, field, "There is no line in %s.", field);
	else
		durable_append(request, lines, on_durable);
}

static void accept_text(struct request *request, const char *field, struct slice text)
{
	struct durable_lines lines = { .text = text, .way = HTTP_WAY_UPLOAD };

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
	struct durable_lines lines = {
		.text = answer->plain,
		.owned = &answer->owned,
		.count = answer->lines,
		.bytes = answer->bytes,
		.way = HTTP_WAY_UPLOAD,
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
		refuse(request, "Too many files are being unpacked.");
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
