/* tus_fields.c - versions, offsets, lengths and times */
#include "api/tus_fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "api/context.h"
#include "sources/uploads.h"

#define EXTENSIONS "creation,expiration,checksum,termination"
#define NUMBER_SIZE 24

static void set_number(struct request *request, const char *name, int64_t value)
{
	char text[NUMBER_SIZE];

	(void)snprintf(text, sizeof(text), "%" PRId64, value); /* it fits */
	request_set_header(request, name, text);
}

/* IMF-fixdate of RFC 9110 */
static void set_time(struct request *request, const char *name, int64_t time_us)
{
	time_t seconds = (time_t)(time_us / 1000000);
	struct tm parts;
	char text[40];

	if (gmtime_r(&seconds, &parts) != NULL &&
	    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts) > 0)
		request_set_header(request, name, text);
}

void tus_set_fields(struct request *request, const struct upload_file *file)
{
	const struct uploads_config *limits =
		uploads_limits(request->api->deps.uploads);

	request_set_header(request, "Tus-Resumable", TUS_VERSION);
	request_set_header(request, "Tus-Version", TUS_VERSION);
	request_set_header(request, "Tus-Extension", EXTENSIONS);
	request_set_header(request, "Tus-Checksum-Algorithm", TUS_ALGORITHMS);
	set_number(request, "Tus-Max-Size", limits->length_max);
	if (file == NULL)
		return;
	set_number(request, "Upload-Offset", file->offset);
	set_number(request, "Upload-Length", file->length);
	set_time(request, "Upload-Expires", file->began_us + limits->lifetime_us);
}

bool tus_is_spoken(struct request *request)
{
	const char *version = request_header(request, "Tus-Resumable");
	bool looks = request->route->method == ROUTE_GET;

	if (request->api->deps.uploads == NULL) {
		request_unavailable(request, "This siftd takes no uploads.");
		return false;
	}
	if (version == NULL ? looks : strcmp(version, TUS_VERSION) == 0)
		return true;
	tus_set_fields(request, NULL);
	request_problem(request, 412, "Tus-Resumable must be " TUS_VERSION ".");
	return false;
}

bool tus_read_number(const struct request *request, const char *name, int64_t *out)
{
	const char *text = request_header(request, name);

	*out = 0;
	if (text == NULL)
		return false;
	return strcmp(text, "0") == 0 || query_id(slice_str(text), out);
}
