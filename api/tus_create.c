/* tus_create.c - uploads begin: a place in the table, then files by a worker */
#include <inttypes.h>
#include <stdio.h>

#include "api/context.h"
#include "api/query_workers.h"
#include "api/tus.h"
#include "api/tus_fields.h"
#include "base/log.h"
#include "base/mem.h"
#include "sources/uploads.h"

static void reply_created(struct request *request, const struct upload_file *file)
{
	struct json_out out = json_out_init(&request->out);
	char path[256];

	(void)snprintf(path, sizeof(path),
		       "/api/v1/orgs/%" PRId64 "/projects/%" PRId64
		       "/ingestions/%" PRId64 "/uploads/%s",
		       request->caller.organisation_id, file->project_id,
		       file->ingestion_id, file->id); /* numbers: it fits */
	request_set_header(request, "Location", path);
	tus_set_fields(request, file);
	json_object_begin(&out);
	json_key_string(&out, "id", slice_str(file->id));
	json_key_int(&out, "length", file->length);
	json_key_int(&out, "offset", file->offset);
	json_object_end(&out);
	request_reply_json(request, 201);
}

/* an upload whose files are being made; a worker's from submit to done */
struct beginning {
	struct request *request; /* NULL: the client has gone */
	struct uploads *uploads;
	const char *folder;
	struct upload_file file;
	int status;
	struct error error;
};

static void create_run(struct query_job *job, void *context)
{
	struct beginning *beginning = context;

	(void)job; /* short */
	beginning->status = upload_file_create(beginning->folder, &beginning->file,
					       &beginning->error);
}

/* nobody knows the id of one whose client has gone */
static void create_done(void *context, bool cancelled)
{
	struct beginning *beginning = context;
	struct request *request = beginning->request;

	if (request != NULL)
		request_on_cancel(request, NULL, NULL);
	if (cancelled || beginning->status < 0 || request == NULL)
		uploads_remove(beginning->uploads, beginning->file.id);
	else
		uploads_end(beginning->uploads, &beginning->file);
	if (beginning->status < 0)
		log_error("api", "%s", beginning->error.text);
	if (request != NULL && cancelled)
		request_unavailable(request, "siftd is stopping.");
	else if (request != NULL && beginning->status < 0)
		request_unavailable(request, "The upload's file cannot be made.");
	else if (request != NULL)
		reply_created(request, &beginning->file);
	mem_free(beginning);
}

static void on_creator_gone(void *context)
{
	struct beginning *beginning = context;

	beginning->request = NULL;
}

/* the folder's names are synced, which a loop must not wait for */
static void create_files(struct request *request, const struct upload_file *file)
{
	struct uploads *uploads = request->api->deps.uploads;
	struct beginning *beginning = mem_calloc(1, sizeof(*beginning));

	beginning->request = request;
	beginning->uploads = uploads;
	beginning->folder = uploads_limits(uploads)->folder;
	beginning->file = *file;
	if (query_workers_submit(request->api->deps.workers, create_run, create_done,
				 beginning) != NULL) {
		request_on_cancel(request, on_creator_gone, beginning);
		return;
	}
	uploads_remove(uploads, file->id);
	mem_free(beginning);
	request_unavailable(request, "siftd has too much to do.");
}

void tus_options(struct request *request)
{
	if (request->api->deps.uploads == NULL) {
		request_unavailable(request, "This siftd takes no uploads.");
		return;
	}
	tus_set_fields(request, NULL);
	request_set_header(request, "Allow", "OPTIONS, POST");
	request_reply_empty(request);
}

void tus_create(struct request *request)
{
	struct upload_file file = { .project_id = request->caller.project_id,
				    .ingestion_id = request->caller.ingestion_id };
	struct uploads *uploads = request->api->deps.uploads;
	struct error error;
	int status = 0;

	if (!tus_is_spoken(request))
		return;
	if (!tus_read_number(request, "Upload-Length", &file.length) ||
	    file.length == 0) {
		request_problem_field(request, "Upload-Length",
				      "Upload-Length is the number of bytes to come, "
				      "above 0.");
		return;
	}
	if (file.length > uploads_limits(uploads)->length_max) {
		tus_set_fields(request, NULL);
		request_problem(request, 413,
				"An upload has at most %" PRId64
				" bytes (uploads.length_max).",
				uploads_limits(uploads)->length_max);
		return;
	}
	status = uploads_create(uploads, &file, &error);
	if (status == 0) {
		create_files(request, &file);
	} else if (status > 0) {
		request_unavailable(request, "There is no room for another upload.");
	} else {
		log_error("api", "id=%s %s", request->id, error.text);
		request_unavailable(request, "The upload has no id.");
	}
}
