/* page_files.c - a path of the page, and the file that answers it */
#include "api/page_files.h"

#include <inttypes.h>
#include <stdio.h>

#include "api/http_conn.h"
#include "api/request.h"
#include "base/compiler.h"
#include "base/embedded.h"
#include "base/hash64.h"
#include "sources/decompress.h"

#define ETAG_SIZE 24
#define INFLATE_PIECE ((size_t)64 * 1024)

/* web/dist/page_bundle.c, or web/unbuilt: gzip, or plain when there was no npm */
extern const struct embedded_file page_bundle[];
extern const size_t page_bundle_count;

/* the first segments of the paths that web/src/App.tsx shows screens for */
static const char *const screens[] = {
	"", "login", "register", "invitation", "orgs", "sources", "account",
};

static const struct {
	const char *ending;
	const char *type;
} types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
};

static const struct embedded_file *file_named(struct slice name)
{
	for (size_t i = 0; i < page_bundle_count; i++) {
		if (slice_equal(slice_str(page_bundle[i].name), name))
			return &page_bundle[i];
	}
	return NULL;
}

static bool is_screen(struct slice path)
{
	struct slice segment = slice_from(path, 1);
	const char *slash =
		segment.len == 0 ? NULL : memchr(segment.ptr, '/', segment.len);

	if (slash != NULL)
		segment.len = (size_t)(slash - segment.ptr);
	for (size_t i = 0; i < ARRAY_LEN(screens); i++) {
		if (slice_equal(segment, slice_str(screens[i])))
			return true;
	}
	return false;
}

/* an Accept or Accept-Encoding that names it; weights are not looked at, since no
 * browser refuses either with one */
static bool names(const char *field, const char *word)
{
	return field != NULL && strstr(field, word) != NULL;
}

static const struct embedded_file *find_file(const struct http_head *head)
{
	const struct slice assets = SLICE("/assets/");

	if (slice_starts_with(head->path, assets))
		return file_named(slice_from(head->path, assets.len));
	if (is_screen(head->path) &&
	    names(http_head_field(head, "Accept"), "text/html"))
		return file_named(SLICE("index.html"));
	return NULL;
}

static const char *type_of(const char *name)
{
	const char *ending = strrchr(name, '.');

	for (size_t i = 0; ending != NULL && i < ARRAY_LEN(types); i++) {
		if (strcmp(ending, types[i].ending) == 0)
			return types[i].type;
	}
	return "application/octet-stream";
}

/* for the few that take no gzip; false: it does not unpack, our own bug */
static bool append_unpacked(struct buf *out, struct slice packed)
{
	struct decompress *decompress = decompress_new();
	struct error error = { 0 };
	size_t len = 0;
	int status = 0;

	decompress_feed(decompress, packed);
	do {
		out->len += len;
		buf_reserve(out, INFLATE_PIECE);
		status = decompress_next(decompress, out->data + out->len,
					 INFLATE_PIECE, &len, &error);
	} while (status > 0);
	decompress_free(&decompress);
	return status == 0;
}

static void reply_bytes(struct request *request, const struct embedded_file *file)
{
	const struct http_head *head = http_conn_head(request->conn);

	if (decompress_is_plain(file->bytes)) {
		buf_append_slice(&request->out, file->bytes);
	} else if (names(http_head_field(head, "Accept-Encoding"), "gzip")) {
		request_set_header(request, "Content-Encoding", "gzip");
		buf_append_slice(&request->out, file->bytes);
	} else if (!append_unpacked(&request->out, file->bytes)) {
		request_problem(request, 500, "The page is damaged.");
		return;
	}
	request_reply(request, 200, type_of(file->name));
}

static void reply_file(struct request *request)
{
	const struct http_head *head = http_conn_head(request->conn);
	const struct embedded_file *file = find_file(head);
	const char *known = http_head_field(head, "If-None-Match");
	bool is_index = strcmp(file->name, "index.html") == 0;
	char etag[ETAG_SIZE];

	/* 18 characters */
	(void)snprintf(etag, sizeof(etag), "\"%016" PRIx64 "\"",
		       hash64(file->bytes, 0));
	request_set_header(request, "ETag", etag);
	request_set_header(request, "Vary", "Accept, Accept-Encoding");
	request_set_header(request, "Cache-Control",
			   is_index ? "no-cache"
				    : "public, max-age=31536000, immutable");
	if (names(known, etag))
		request_reply_not_modified(request);
	else
		reply_bytes(request, file);
}

const struct route *page_files_find(const struct http_head *head)
{
	static const struct route route = { ROUTE_GET,     false,      "/",
					    ACCESS_PUBLIC, LIMIT_NONE, reply_file };

	return find_file(head) == NULL ? NULL : &route;
}
