/* tus.c - headers in, headers out; the bytes are a worker's */
#include "api/tus.h"

#include <event2/buffer.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "api/context.h"
#include "api/db.h"
#include "api/query_workers.h"
#include "api/tus_fields.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sources/decompress.h"
#include "sources/http_tally.h"
#include "sources/uploads.h"

#define PART_TYPE "application/offset+octet-stream"
#define STATUS_CHECKSUM 460

/* a part on its way to the disk; a worker's from submit to done */
struct part {
	struct request *request; /* NULL: the client has gone */
	struct uploads *uploads;
	struct http_tally *tally;
	size_t len;
	const char *folder;
	struct evbuffer *body;
	struct upload_file file;
	const EVP_MD *algorithm; /* NULL: no checksum came */
	unsigned char expected[EVP_MAX_MD_SIZE];
	size_t expected_len;
	bool plain;
	bool differs; /* from the checksum */
	int64_t lines;
	int64_t bytes; /* without line ends */
	int status;
	struct error error;
};

/* NULL: answered */
static const struct upload *find(struct request *request)
{
	const struct upload *upload = NULL;

	if (!tus_is_spoken(request))
		return NULL;
	upload = uploads_find(request->api->deps.uploads,
			      route_param(&request->params, "upload"));
	if (upload != NULL && upload->file.project_id == request->caller.project_id &&
	    upload->file.ingestion_id == request->caller.ingestion_id)
		return upload;
	request_not_found(request, "upload");
	return NULL;
}

void tus_get(struct request *request)
{
	const struct upload *upload = find(request);
	struct json_out out = json_out_init(&request->out);

	if (upload == NULL)
		return;
	tus_set_fields(request, &upload->file);
	request_set_header(request, "Cache-Control", "no-store");
	json_object_begin(&out);
	json_key_string(&out, "id", slice_str(upload->file.id));
	json_key_int(&out, "length", upload->file.length);
	json_key_int(&out, "offset", upload->file.offset);
	json_object_end(&out);
	request_reply_json(request, 200);
}

/* false: answered */
static bool may_change(struct request *request, const struct upload *upload)
{
	if (upload->busy)
		request_problem(request, 423,
				"A part of this upload is being written.");
	else if (upload_file_complete(&upload->file))
		request_problem(request, 403,
				"This upload is complete, and being read.");
	else
		return true;
	return false;
}

void tus_delete(struct request *request)
{
	const struct upload *upload = find(request);

	if (upload == NULL || !may_change(request, upload))
		return;
	uploads_remove(request->api->deps.uploads, upload->file.id);
	request_set_header(request, "Tus-Resumable", TUS_VERSION);
	request_reply_empty(request);
}

static void part_free(struct part *part)
{
	evbuffer_free(part->body);
	mem_free(part);
}

static void measure(struct part *part, const struct iovec *pieces, int count)
{
	for (int i = 0; i < count; i++) {
		const char *at = pieces[i].iov_base;
		const char *end = at + pieces[i].iov_len;

		part->bytes += end - at;
		while (part->plain &&
		       (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
			part->lines++;
			part->bytes--;
			at++;
		}
	}
}

static bool matches(const struct part *part, const struct iovec *pieces, int count)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	unsigned char found[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	bool good =
		digest != NULL && EVP_DigestInit_ex(digest, part->algorithm, NULL) == 1;

	for (int i = 0; good && i < count; i++)
		good = EVP_DigestUpdate(digest, pieces[i].iov_base,
					pieces[i].iov_len) == 1;
	good = good && EVP_DigestFinal_ex(digest, found, &len) == 1 &&
	       len == part->expected_len && memcmp(found, part->expected, len) == 0;
	EVP_MD_CTX_free(digest);
	return good;
}

static void write_run(struct query_job *job, void *context)
{
	struct part *part = context;
	int count = evbuffer_peek(part->body, -1, NULL, NULL, 0);
	struct evbuffer_iovec *pieces = mem_calloc((size_t)count + 1, sizeof(*pieces));

	(void)job;
	(void)evbuffer_peek(part->body, -1, NULL, pieces, count); /* as counted */
	if (part->file.offset == 0 && count > 0)
		part->plain = decompress_is_plain(
			slice_of(pieces[0].iov_base, pieces[0].iov_len));
	if (part->algorithm != NULL && !matches(part, pieces, count)) {
		part->differs = true;
	} else {
		measure(part, pieces, count);
		part->status = upload_file_append(part->folder, &part->file, pieces,
						  count, &part->error);
	}
	mem_free(pieces);
}

static void on_counted(struct request *request, const struct pg_rows *rows)
{
	const struct upload_file *file = request->state;

	(void)rows; /* an update */
	tus_set_fields(request, file);
	request_reply_empty(request);
}

/* The part is durable, whether it can be counted or not: a client that is told 503 asks
 * for the offset. */
static void count(struct part *part)
{
	struct request *request = part->request;
	struct upload_file *file = request_alloc(request, sizeof(*file));
	struct db_call call = {
		.sql = "UPDATE siftd.ingestions SET bytes = bytes + $3,"
		       " lines = lines + $4, updated_at = now()"
		       " WHERE project_id = $1 AND id = $2",
		.done = on_counted,
	};

	*file = part->file;
	request->state = file;
	db_add_int(request, &call, file->project_id);
	db_add_int(request, &call, file->ingestion_id);
	db_add_int(request, &call, part->bytes);
	db_add_int(request, &call, part->lines);
	db_run(request, &call);
}

static void note_received(const struct part *part)
{
	const struct http_origin origin = { part->file.project_id,
					    part->file.ingestion_id, HTTP_WAY_UPLOAD };

	http_tally_receive(part->tally, &origin, part->len, (uint64_t)part->lines,
			   clock_monotonic_us());
}

static void write_done(void *context, bool cancelled)
{
	struct part *part = context;
	struct request *request = part->request;

	uploads_end(part->uploads, &part->file);
	if (request != NULL) {
		request_on_cancel(request, NULL, NULL);
		request_set_header(request, "Tus-Resumable", TUS_VERSION);
	}
	if (part->status < 0)
		log_error("api", "%s", part->error.text);
	if (request == NULL)
		; /* nobody waits for the answer */
	else if (cancelled)
		request_unavailable(request, "siftd is stopping.");
	else if (part->differs)
		request_problem(request, STATUS_CHECKSUM,
				"The bytes do not have the checksum that "
				"Upload-Checksum says.");
	else if (part->status < 0)
		request_unavailable(request, "The part could not be written.");
	else
		count(part);
	if (!cancelled && !part->differs && part->status >= 0)
		note_received(part);
	part_free(part);
}

static void on_gone(void *context)
{
	struct part *part = context;

	part->request = NULL;
}

/* "sha1 BASE64". false: answered */
static bool read_checksum(struct request *request, struct part *part)
{
	const char *text = request_header(request, "Upload-Checksum");
	const char *blank = text == NULL ? NULL : strchr(text, ' ');
	struct slice name = { 0 };

	if (text == NULL)
		return true;
	name = slice_of(text, blank == NULL ? strlen(text) : (size_t)(blank - text));
	if (slice_equal(name, slice_str("sha1")))
		part->algorithm = EVP_sha1();
	else if (slice_equal(name, slice_str("sha256")))
		part->algorithm = EVP_sha256();
	if (part->algorithm != NULL && blank != NULL &&
	    sodium_base642bin(part->expected, sizeof(part->expected), blank + 1,
			      strlen(blank + 1), NULL, &part->expected_len, NULL,
			      sodium_base64_VARIANT_ORIGINAL) == 0)
		return true;
	request_problem(request, 400,
			"Upload-Checksum is an algorithm (" TUS_ALGORITHMS
			"), a blank, and the checksum in base64.");
	return false;
}

/* false: answered */
static bool check_part(struct request *request, const struct upload *upload)
{
	const char *type = request_header(request, "Content-Type");
	int64_t offset = 0;

	if (!may_change(request, upload))
		return false;
	if (type == NULL || strcmp(type, PART_TYPE) != 0) {
		request_problem(request, 415,
				"A part's Content-Type is " PART_TYPE ".");
		return false;
	}
	if (!tus_read_number(request, "Upload-Offset", &offset) ||
	    offset != upload->file.offset) {
		tus_set_fields(request, &upload->file);
		request_problem(request, 409,
				"Upload-Offset must be %" PRId64 ", where the upload "
				"stands.",
				upload->file.offset);
		return false;
	}
	if ((int64_t)request->body_len > upload->file.length - offset) {
		request_problem(request, 413,
				"The part goes beyond the upload's length.");
		return false;
	}
	return true;
}

void tus_append(struct request *request)
{
	struct uploads *uploads = request->api->deps.uploads;
	const struct upload *upload = find(request);
	struct part *part = NULL;

	if (upload == NULL || !check_part(request, upload))
		return;
	part = mem_calloc(1, sizeof(*part));
	part->plain = true;
	if (!read_checksum(request, part)) {
		mem_free(part);
		return;
	}
	part->request = request;
	part->uploads = uploads;
	part->folder = uploads_limits(uploads)->folder;
	part->body = request_take_body(request);
	if (part->body == NULL)
		abort(); /* out of memory */
	part->tally = request->api->deps.tally;
	part->len = request->body_len;
	part->file = uploads_begin(uploads, upload->file.id);
	if (query_workers_submit(request->api->deps.workers, write_run, write_done,
				 part) != NULL) {
		request_on_cancel(request, on_gone, part);
		return;
	}
	uploads_end(uploads, &part->file);
	part_free(part);
	request_unavailable(request, "siftd has too much to do.");
}
