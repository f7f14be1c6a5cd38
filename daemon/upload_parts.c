/* upload_parts.c - begin, or ask how far it came; then part after part */
#include "daemon/upload_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define PART_BYTES_MIN ((size_t)64 << 10)
#define ASK_TIMEOUT_S 30
#define PART_TIMEOUT_S 600
#define MB 1000000.0

static const char tus_header[] = "Tus-Resumable: 1.0.0";

struct sending {
	struct upload_parts *parts;
	char path[256]; /* of the upload */
	char *bytes;
	size_t part_max;
	int64_t offset;
	int64_t began_us;
	int64_t began_offset;
	unsigned failures; /* in a row */
};

/* worth another try: nobody answered, or not now */
static bool passes_by(int status)
{
	return status < 0 || status == 429 || status == 423 || status >= 500;
}

/* false: it was tried often enough */
static bool pause_after_failure(struct sending *sending, const struct error *error)
{
	unsigned seconds = http_ask_retry_after_s(sending->parts->ask);
	struct timespec pause = { 0 };

	if (++sending->failures >= UPLOAD_TRIES)
		return false;
	if (seconds == 0)
		seconds = sending->failures > 5 ? UPLOAD_PAUSE_S
						: 1U << (sending->failures - 1);
	if (seconds > UPLOAD_PAUSE_S)
		seconds = UPLOAD_PAUSE_S;
	if (sending->parts->shows_progress)
		(void)fprintf(stderr, "\n%s; trying again in %u s\n", error->text,
			      seconds);
	pause.tv_sec = (time_t)seconds;
	(void)nanosleep(&pause, NULL); /* a signal may end it early */
	return true;
}

static int begin(struct sending *sending, struct error *error)
{
	struct upload_parts *parts = sending->parts;
	char length[64];
	const struct http_ask_request request = { .method = "POST",
						  .path = parts->uploads,
						  .headers = { tus_header, length },
						  .timeout_s = ASK_TIMEOUT_S };
	int status = 0;

	(void)snprintf(length, sizeof(length), "Upload-Length: %" PRId64,
		       parts->length); /* fits */
	do {
		status = http_ask(parts->ask, &request, error);
		if (status > 0 && status != 201)
			(void)http_ask_refusal(parts->ask, error); /* always -1 */
	} while (passes_by(status) && pause_after_failure(sending, error));
	if (status != 201)
		return -1;
	/* cut where a server has other ids than siftd: then it is not found */
	(void)snprintf(parts->made_id, sizeof(parts->made_id), "%s",
		       http_ask_text(parts->ask, "id"));
	parts->id = parts->made_id;
	return 0;
}

/* how far it came. 0, 1: not now, -1: never */
static int find_offset(struct sending *sending, struct error *error)
{
	struct upload_parts *parts = sending->parts;
	const struct http_ask_request request = { .method = "GET",
						  .path = sending->path,
						  .headers = { tus_header },
						  .timeout_s = ASK_TIMEOUT_S };
	int status = http_ask(parts->ask, &request, error);

	if (status > 0 && status != 200)
		(void)http_ask_refusal(parts->ask, error); /* always -1 */
	if (status != 200)
		return passes_by(status) ? 1 : -1;
	if (http_ask_int(parts->ask, "length") != parts->length)
		return error_set(error,
				 "the file has %" PRId64
				 " bytes, but the upload was begun with %" PRId64,
				 parts->length, http_ask_int(parts->ask, "length"));
	sending->offset = http_ask_int(parts->ask, "offset");
	return 0;
}

static int read_part(const struct sending *sending, size_t *len, struct error *error)
{
	int64_t left = sending->parts->length - sending->offset;
	size_t wanted =
		left < (int64_t)sending->part_max ? (size_t)left : sending->part_max;

	for (*len = 0; *len < wanted;) {
		ssize_t got = pread(sending->parts->fd, sending->bytes + *len,
				    wanted - *len, sending->offset + (int64_t)*len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set_errno(error, "the file");
		if (got == 0)
			return error_set(error, "the file became shorter meanwhile");
		*len += (size_t)got;
	}
	return 0;
}

/* 0: it is there, 1: ask how far it came, -1: never */
static int send_part(struct sending *sending, struct error *error)
{
	struct upload_parts *parts = sending->parts;
	char offset[64];
	struct http_ask_request request = {
		.method = "PATCH",
		.path = sending->path,
		.headers = { tus_header, offset,
			     "Content-Type: application/offset+octet-stream" },
		.timeout_s = PART_TIMEOUT_S,
	};
	size_t len = 0;
	int status = 0;

	(void)snprintf(offset, sizeof(offset), "Upload-Offset: %" PRId64,
		       sending->offset); /* fits */
	if (read_part(sending, &len, error) < 0)
		return -1;
	request.body = slice_of(sending->bytes, len);
	status = http_ask(parts->ask, &request, error);
	if (status == 204) {
		sending->offset += (int64_t)len;
		sending->failures = 0;
		return 0;
	}
	if (status > 0)
		(void)http_ask_refusal(parts->ask, error); /* always -1 */
	if (status == 413 && sending->part_max > PART_BYTES_MIN)
		sending->part_max /= 2; /* a smaller one may pass */
	else if (status != 409 && !passes_by(status))
		return -1;
	return 1;
}

static void show(const struct sending *sending)
{
	double seconds = (double)(clock_monotonic_us() - sending->began_us) / 1000000.0;
	double rate = (double)(sending->offset - sending->began_offset) /
		      (seconds > 0.001 ? seconds : 0.001);
	double left = (double)(sending->parts->length - sending->offset) /
		      (rate > 1 ? rate : 1);

	if (sending->parts->shows_progress)
		(void)fprintf(stderr,
			      "\r%3d %%  %.1f of %.1f MB  %.1f MB/s  %.0f s left   ",
			      (int)(sending->offset * 100 / sending->parts->length),
			      (double)sending->offset / MB,
			      (double)sending->parts->length / MB, rate / MB, left);
}

static int send_all(struct sending *sending, struct error *error)
{
	int status = 0;

	sending->began_us = clock_monotonic_us();
	sending->began_offset = sending->offset;
	while (sending->offset < sending->parts->length) {
		show(sending);
		status = send_part(sending, error);
		/* what came of a part that was not answered, only the server knows */
		while (status > 0 && pause_after_failure(sending, error))
			status = find_offset(sending, error);
		if (status != 0)
			return -1;
	}
	show(sending);
	return 0;
}

static int take_up(struct sending *sending, struct error *error)
{
	int status = 0;

	do {
		status = find_offset(sending, error);
	} while (status > 0 && pause_after_failure(sending, error));
	return status == 0 ? 0 : -1;
}

int upload_parts_send(struct upload_parts *parts, upload_begun_fn *begun, void *context,
		      struct error *error)
{
	struct sending sending = { .parts = parts, .part_max = UPLOAD_PART_BYTES };
	bool is_new = parts->id == NULL;
	int status = 0;

	if (is_new && begin(&sending, error) < 0)
		return -1;
	if (snprintf(sending.path, sizeof(sending.path), "%s/%s", parts->uploads,
		     parts->id) >= (int)sizeof(sending.path))
		return error_set(error, "\"%s\" is no id of an upload", parts->id);
	if (!is_new && take_up(&sending, error) < 0)
		return -1;
	begun(context, parts->id);
	sending.bytes = mem_alloc(UPLOAD_PART_BYTES);
	status = send_all(&sending, error);
	mem_free(sending.bytes);
	if (parts->shows_progress)
		(void)fputc('\n', stderr); /* no one reads */
	return status;
}
