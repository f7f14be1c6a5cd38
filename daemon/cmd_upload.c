/* cmd_upload.c - `siftd upload`: a file of any size, by way of the HTTP interface */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "daemon/arguments.h"
#include "daemon/cmd.h"
#include "daemon/cmd_store.h"
#include "daemon/http_ask.h"
#include "daemon/upload_parts.h"

#define ASK_TIMEOUT_S 30
#define SECRET_SIZE 1100

static const char usage[] =
	"usage: siftd upload FILE [--url URL] [--user EMAIL] [OPTION...]\n\n"
	"Sends a log file, plain or compressed by gzip or zstd, to a siftd in parts, and\n"
	"goes on where it stopped when the connection or the server fails.\n\n"
	"  --url URL            http://127.0.0.1:8080 unless SIFTD_URL says otherwise\n"
	"  --user EMAIL         logs in; the password is SIFTD_PASSWORD, or is asked for.\n"
	"                       Without it SIFTD_KEY is an ingest key of the project\n"
	"  --project NAME       name or id; default: default. A key knows its own\n"
	"  --name NAME          of the new ingestion; default: the file's\n"
	"  --ingestion ID       adds to one that is there\n"
	"  --upload ID          goes on with an upload that was begun in --ingestion\n"
	"  --quiet              no progress\n\n"
	"Exit status: 0 all was taken, 1 it failed, 2 wrong usage.\n";

struct wishes {
	const char *file, *url, *user, *project, *name, *ingestion, *upload;
	bool quiet;
};

/* where it goes */
struct place {
	int64_t organisation;
	int64_t project;
	unsigned projects_found; /* of the name */
	char uploads[160];       /* path below /api/v1 */
	char ingestion[24];
};

static bool take_word(struct wishes *wishes, int word)
{
	const char **const texts[] = {
		['l'] = &wishes->url,       ['u'] = &wishes->user,
		['p'] = &wishes->project,   ['n'] = &wishes->name,
		['i'] = &wishes->ingestion, ['g'] = &wishes->upload
	};

	switch (word) {
	case 'l':
	case 'u':
	case 'p':
	case 'n':
	case 'i':
	case 'g':
		*texts[word] = optarg;
		return true;
	case 'q':
		wishes->quiet = true;
		return true;
	default:
		return false;
	}
}

static bool is_number(const char *text)
{
	return text == NULL ||
	       (text[0] != '\0' && strspn(text, "0123456789") == strlen(text) &&
		strlen(text) < 19);
}

/* an option that would do nothing is an error */
static bool fits_together(const struct wishes *wishes)
{
	if (wishes->ingestion != NULL ? wishes->name != NULL : wishes->upload != NULL)
		return false;
	return wishes->file != NULL && is_number(wishes->ingestion) &&
	       (wishes->user != NULL || wishes->project == NULL);
}

/* 0, 1: help was asked for, -1: wrong usage */
static int read_words(int argc, char **argv, struct wishes *wishes)
{
	static const struct option words[] = {
		{ "url", required_argument, NULL, 'l' },
		{ "user", required_argument, NULL, 'u' },
		{ "project", required_argument, NULL, 'p' },
		{ "name", required_argument, NULL, 'n' },
		{ "ingestion", required_argument, NULL, 'i' },
		{ "upload", required_argument, NULL, 'g' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int word = 0;

	while ((word = arguments_next(argc, argv, "hq", words, NULL)) != -1) {
		if (word == 'h')
			return 1;
		if (!take_word(wishes, word))
			return -1;
	}
	wishes->file = optind < argc ? argv[optind++] : NULL;
	return optind == argc && fits_together(wishes) ? 0 : -1;
}

static const char *setting(const char *name)
{
	/* start-up: no other thread runs */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	return getenv(name);
}

/* one line, which a terminal does not show */
static int ask_password(char out[SECRET_SIZE], struct error *error)
{
	struct termios before;
	bool hides = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &before) == 0;
	const char *line = NULL;

	if (hides) {
		struct termios silent = before;

		silent.c_lflag &= ~(tcflag_t)ECHO;
		(void)fputs("password: ", stderr);                 /* no one reads */
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent); /* then it shows */
	}
	line = fgets(out, SECRET_SIZE, stdin);
	if (hides) {
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before); /* as it was */
		(void)fputc('\n', stderr);
	}
	if (line == NULL)
		return error_set(error, "there is no password on standard input");
	out[strcspn(out, "\r\n")] = '\0';
	return 0;
}

/* an answer of this status, or the error says why not */
static int expect(struct http_ask *ask, const struct http_ask_request *request,
		  int expected, struct error *error)
{
	int status = http_ask(ask, request, error);

	if (status == expected)
		return 0;
	return status < 0 ? -1 : http_ask_refusal(ask, error);
}

static int get(struct http_ask *ask, const char *path, struct error *error)
{
	const struct http_ask_request request = { .method = "GET",
						  .path = path,
						  .timeout_s = ASK_TIMEOUT_S };

	return expect(ask, &request, 200, error);
}

/* body: JSON */
static int post(struct http_ask *ask, const char *path, const struct buf *body,
		int expected, struct error *error)
{
	const struct http_ask_request request = {
		.method = "POST",
		.path = path,
		.headers = { "Content-Type: application/json" },
		.body = buf_slice(body),
		.timeout_s = ASK_TIMEOUT_S,
	};

	return expect(ask, &request, expected, error);
}

/* two members, of which the second may be absent */
static void write_object(struct buf *body, const char *const texts[4])
{
	struct json_out out = json_out_init(body);

	json_object_begin(&out);
	json_key_string(&out, texts[0], slice_str(texts[1]));
	json_key_string(&out, texts[2], slice_str(texts[3]));
	json_object_end(&out);
}

static int log_in(struct http_ask *ask, const char *user, struct error *error)
{
	char typed[SECRET_SIZE] = "";
	const char *password = setting("SIFTD_PASSWORD");
	struct buf body = { 0 };
	int status = 0;

	if (password == NULL) {
		if (ask_password(typed, error) < 0)
			return -1;
		password = typed;
	}
	write_object(&body,
		     (const char *const[4]){ "email", user, "password", password });
	status = post(ask, "/auth/login", &body, 200, error);
	buf_deinit(&body);
	if (status < 0)
		return -1;
	if (http_ask_text(ask, "access_token") == NULL)
		return error_set(error, "the login gave no token");
	http_ask_set_token(ask, http_ask_text(ask, "access_token"));
	return 0;
}

static int look_for_project(struct http_ask *ask, const char *name,
			    int64_t organisation, struct place *place,
			    struct error *error)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "/orgs/%" PRId64 "/projects?limit=500",
		       organisation); /* fits */
	if (get(ask, path, error) < 0)
		return -1;
	for (size_t i = 0; i < http_ask_count(ask, "items"); i++) {
		const char *text = http_ask_item_text(ask, "items", i, "name");
		int64_t id = http_ask_item_int(ask, "items", i, "id");
		char number[24];

		(void)snprintf(number, sizeof(number), "%" PRId64, id); /* fits */
		if (strcmp(name, number) != 0 &&
		    (text == NULL || strcmp(name, text) != 0))
			continue;
		place->organisation = organisation;
		place->project = id;
		place->projects_found++;
	}
	return 0;
}

static int find_project(struct http_ask *ask, const char *name, struct place *place,
			struct error *error)
{
	int64_t organisations[100];
	size_t count = 0;

	if (get(ask, "/orgs?limit=100", error) < 0)
		return -1;
	count = http_ask_count(ask, "items");
	for (size_t i = 0; i < count; i++)
		organisations[i] = http_ask_item_int(ask, "items", i, "id");
	for (size_t i = 0; i < count; i++) {
		if (look_for_project(ask, name, organisations[i], place, error) < 0)
			return -1;
	}
	if (place->projects_found == 1)
		return 0;
	if (place->projects_found == 0)
		return error_set(error, "there is no project \"%s\"", name);
	return error_set(error, "several projects are named \"%s\"; give the id", name);
}

/* credential and project */
static int open_project(struct http_ask *ask, const struct wishes *wishes,
			struct place *place, struct error *error)
{
	const char *key = setting("SIFTD_KEY");

	if (wishes->user != NULL)
		return log_in(ask, wishes->user, error) < 0
			       ? -1
			       : find_project(ask,
					      wishes->project == NULL ? "default"
								      : wishes->project,
					      place, error);
	if (key == NULL)
		return error_set(error, "log in with --user, or set SIFTD_KEY to an "
					"ingest key");
	http_ask_set_token(ask, key);
	if (get(ask, "/auth/key", error) < 0)
		return -1;
	place->organisation = http_ask_int(ask, "organization.id");
	place->project = http_ask_int(ask, "project.id");
	return 0;
}

static int make_ingestion(struct http_ask *ask, const char *ingestions,
			  const struct wishes *wishes, struct place *place,
			  struct error *error)
{
	const char *slash = strrchr(wishes->file, '/');
	const char *name = wishes->name;
	struct buf body = { 0 };
	int status = 0;

	if (name == NULL)
		name = slash == NULL ? wishes->file : slash + 1;
	write_object(&body,
		     (const char *const[4]){ "name", name, "source_type", "upload" });
	status = post(ask, ingestions, &body, 201, error);
	buf_deinit(&body);
	(void)snprintf(place->ingestion, sizeof(place->ingestion), "%" PRId64,
		       http_ask_int(ask, "id")); /* fits */
	return status;
}

static int find_place(struct http_ask *ask, const struct wishes *wishes,
		      struct place *place, struct error *error)
{
	char ingestions[96];

	if (open_project(ask, wishes, place, error) < 0)
		return -1;
	/* numbers: they fit */
	(void)snprintf(ingestions, sizeof(ingestions),
		       "/orgs/%" PRId64 "/projects/%" PRId64 "/ingestions",
		       place->organisation, place->project);
	if (wishes->ingestion != NULL)
		(void)snprintf(place->ingestion, sizeof(place->ingestion), "%s",
			       wishes->ingestion); /* shorter */
	else if (make_ingestion(ask, ingestions, wishes, place, error) < 0)
		return -1;
	(void)snprintf(place->uploads, sizeof(place->uploads), "%s/%s/uploads",
		       ingestions, place->ingestion);
	return 0;
}

static int open_file(const char *name, int64_t *length, struct error *error)
{
	struct stat stat;
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_set_errno(error, "%s", name);
	if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size > 0) {
		*length = stat.st_size;
		return fd;
	}
	(void)close(fd); /* only read from */
	return error_set(error, "%s: only a file that is not empty can be sent", name);
}

/* what to say to go on, before anything can be cut off */
static void on_begun(void *context, const char *id)
{
	const struct place *place = context;

	(void)fprintf(
		stderr,
		"siftd upload: if this is cut off, it goes on with --ingestion %s "
		"--upload %s\n",
		place->ingestion, id);
}

static int upload(struct http_ask *ask, const struct wishes *wishes,
		  struct error *error)
{
	struct place place = { 0 };
	struct upload_parts parts = { .ask = ask,
				      .id = wishes->upload,
				      .shows_progress =
					      !wishes->quiet && isatty(STDERR_FILENO) };
	int status = -1;

	parts.fd = open_file(wishes->file, &parts.length, error);
	if (parts.fd < 0)
		return -1;
	parts.uploads = place.uploads;
	if (find_place(ask, wishes, &place, error) == 0)
		status = upload_parts_send(&parts, on_begun, &place, error);
	(void)close(parts.fd); /* only read from */
	if (status == 0)
		(void)printf("ingestion %s: %" PRId64 " bytes taken\n", place.ingestion,
			     parts.length);
	return status;
}

int cmd_upload(int argc, char **argv)
{
	struct wishes wishes = { 0 };
	struct http_ask *ask = NULL;
	struct error error = { 0 };
	int status = read_words(argc, argv, &wishes);

	if (status != 0)
		return cmd_usage(usage, status);
	if (wishes.url == NULL)
		wishes.url = setting("SIFTD_URL");
	if (wishes.url == NULL)
		wishes.url = "http://127.0.0.1:8080";
	status = http_ask_open(wishes.url, &ask, &error);
	if (status == 0)
		status = upload(ask, &wishes, &error);
	if (status < 0)
		(void)fprintf(stderr, "siftd upload: %s\n", error.text);
	http_ask_close(&ask);
	return status < 0 ? 1 : 0;
}
