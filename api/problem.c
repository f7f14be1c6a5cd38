/* problem.c - writing problem details */
#include "api/problem.h"

#include "base/compiler.h"
#include "base/json_out.h"

static const struct {
	int status;
	const char *title;
} titles[] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 304, "Not Modified" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
};

const char *problem_title(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(titles); i++) {
		if (titles[i].status == status)
			return titles[i].title;
	}
	return "Error";
}

static void write_fields(const struct problem *problem, struct json_out *out)
{
	json_key(out, "errors");
	json_array_begin(out);
	for (size_t i = 0; i < problem->fields_count; i++) {
		json_object_begin(out);
		json_key_string(out, "field", slice_str(problem->fields[i].field));
		json_key_string(out, "detail", slice_str(problem->fields[i].detail));
		json_object_end(out);
	}
	json_array_end(out);
}

void problem_write(const struct problem *problem, struct buf *out_buf)
{
	struct json_out out = json_out_init(out_buf);

	json_object_begin(&out);
	json_key_string(&out, "type", SLICE("about:blank"));
	json_key_string(&out, "title", slice_str(problem_title(problem->status)));
	json_key_int(&out, "status", problem->status);
	json_key_string(&out, "detail", slice_str(problem->detail));
	json_key_string(&out, "request_id", slice_str(problem->request_id));
	if (problem->fields_count > 0)
		write_fields(problem, &out);
	json_object_end(&out);
}
