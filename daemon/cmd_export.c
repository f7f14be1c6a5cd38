/* cmd_export.c - `siftd export`: stored events as lines, straight from the database */
#include <event2/event.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/events.h"
#include "api/events_render.h"
#include "base/compiler.h"
#include "base/mem.h"
#include "daemon/arguments.h"
#include "daemon/cmd.h"
#include "daemon/cmd_store.h"
#include "daemon/event_session.h"
#include "daemon/event_words.h"
#include "daemon/project_find.h"
#include "sinks/pg_sync.h"

#define PAGE_EVENTS 2000

static const char usage[] =
	"usage: siftd export --project NAME [OPTION...]\n\n"
	"Writes the stored events of a project to standard output, oldest first, with\n"
	"their raw text; a siftd may run meanwhile. What is stored later is left out.\n\n"
	"  --config FILE        names the database, as for `siftd run`\n"
	"  --project NAME       name or id; a name that several have is refused\n"
	"  --ingestion ID       only these events\n"
	"  --format FORMAT      ndjson (default) or csv\n"
	"  --limit N            as many events at most\n"
	"  --order asc|desc     by seq\n"
	"  --levels A,B --service S --host H --group ID --fingerprint HEX\n"
	"  --ts-from TIME --ts-to TIME --q TEXT --q-mode text|regex\n"
	"                       filters, as of GET .../events\n\n"
	"Exit status: 0 all was written, 1 it failed, 2 wrong usage, 78 the configuration.\n";

struct export
{
	const char *project;
	struct event_session session;
	struct events_scope scope;
	struct event_filter filter;
	int64_t left; /* of --limit */
	bool has_limit;
	int status;
};

/* what stands in the command line */
struct wishes {
	const char *config;
	const char *project;
	const char *ingestion;
	const char *format;
	const char *limit;
	struct event_words filters;
};

static const struct option words[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "project", required_argument, NULL, 'p' },
	{ "ingestion", required_argument, NULL, 'i' },
	{ "format", required_argument, NULL, 'f' },
	{ "limit", required_argument, NULL, 'n' },
	{ "help", no_argument, NULL, 'h' },
	/* val 0: a filter */
	{ "order", required_argument, NULL, 0 },
	EVENT_WORDS_OPTIONS,
	{ NULL, 0, NULL, 0 },
};

static void next_page(struct export *export);

static void fail(struct export *export, const char *why)
{
	(void)fprintf(stderr, "siftd export: %s\n", why); /* the status says it too */
	export->status = 1;
	(void)event_base_loopbreak(
		export->session.base); /* fails before the loop only */
}

static void on_page(void *context, const struct events_answer *answer)
{
	struct export *export = context;

	if (answer->status != EVENTS_OK) {
		fail(export, answer->error.text);
		return;
	}
	/* waits for a slow reader, which is all there is to do */
	if (fwrite(answer->json.ptr, 1, answer->json.len, stdout) != answer->json.len) {
		fail(export, "standard output takes no more");
		return;
	}
	export->left -= answer->count;
	export->filter.by_seq = true;
	export->filter.behind = answer->behind;
	if (answer->has_more && (!export->has_limit || export->left > 0))
		next_page(export);
	else
		(void)event_base_loopbreak(export->session.base); /* as above */
}

static void next_page(struct export *export)
{
	export->filter.limit = PAGE_EVENTS;
	if (export->has_limit && export->left < PAGE_EVENTS)
		export->filter.limit = (unsigned)export->left;
	if (events_query_start(&export->session.deps, &export->scope, &export->filter,
			       on_page, export) == NULL)
		fail(export, "no query could be started");
}

static bool take_word(struct wishes *wishes, int word, int index)
{
	switch (word) {
	case 'c':
		wishes->config = optarg;
		return true;
	case 'p':
		wishes->project = optarg;
		return true;
	case 'i':
		wishes->ingestion = optarg;
		return true;
	case 'f':
		wishes->format = optarg;
		return true;
	case 'n':
		wishes->limit = optarg;
		return true;
	case 0:
		return event_words_add(&wishes->filters, words[index].name, optarg);
	default:
		return false;
	}
}

/* 0, 1: help was asked for, -1: wrong usage */
static int read_words(int argc, char **argv, struct wishes *wishes)
{
	int word = 0;
	int index = 0;

	while ((word = arguments_next(argc, argv, "h", words, &index)) != -1) {
		if (word == 'h')
			return 1;
		if (!take_word(wishes, word, index))
			return -1;
	}
	return optind == argc && wishes->project != NULL ? 0 : -1;
}

static int read_format(const char *text, enum event_form *out, struct error *error)
{
	*out = EVENT_FORM_LINES;
	if (text == NULL || strcmp(text, "ndjson") == 0)
		return 0;
	if (strcmp(text, "csv") != 0)
		return error_set(error, "--format must be ndjson or csv");
	*out = EVENT_FORM_CSV;
	return 0;
}

static int read_wishes(const struct wishes *wishes, struct export *export,
		       struct error *error)
{
	const char *field = NULL;
	struct query filters = wishes->filters.filters;

	if (event_filter_from_query(&filters, &export->filter, &field, error) < 0)
		return -1;
	/* as said in usage, and unlike a page: oldest first */
	if (query_get(&filters, "order").len == 0)
		export->filter.oldest_first = true;
	export->filter.with_raw = true;
	export->filter.by_last = true;
	export->has_limit = wishes->limit != NULL;
	if (event_words_number("limit", wishes->limit, &export->left, error) < 0 ||
	    event_words_number("ingestion", wishes->ingestion,
			       &export->scope.ingestion_id, error) < 0)
		return -1;
	return read_format(wishes->format, &export->filter.form, error);
}

/* the project, and the last seq there is */
static int find_project(const struct store *store, struct export *export,
			struct error *error)
{
	struct project_found found = { 0 };
	struct pg_sync *sync = NULL;
	int status = pg_sync_open(store_conninfo(store), &sync, error);

	if (status == 0)
		status = project_find(sync, export->project, &found, error);
	export->scope.project_id = found.id;
	export->filter.last = found.next_seq - 1;
	pg_sync_close(&sync);
	return status;
}

static void run(struct export *export, const struct config *config,
		const struct store *store)
{
	event_session_open(&export->session, config, store);
	if (export->filter.form == EVENT_FORM_CSV) {
		struct buf header = { 0 };

		events_render_csv_header(&header);
		/* what cannot be written now cannot later */
		(void)fwrite(header.data, 1, header.len, stdout);
		buf_deinit(&header);
	}
	next_page(export);
	(void)event_base_dispatch(export->session.base); /* until loopbreak */
	event_session_close(&export->session);
	if (fflush(stdout) != 0 && export->status == 0) {
		(void)fprintf(stderr, "siftd export: standard output takes no more\n");
		export->status = 1;
	}
}

static int export_events(void *context, const struct config *config,
			 const struct store *store, struct error *error)
{
	struct export *export = context;

	if (find_project(store, export, error) < 0)
		return -1;
	run(export, config, store);
	return export->status;
}

static int export_wishes(const struct wishes *wishes)
{
	struct export export = { .project = wishes->project };
	const struct cmd_store command = { "export", wishes->config, export_events,
					   &export };
	struct error error = { 0 };
	int status = EXIT_USAGE;

	if (read_wishes(wishes, &export, &error) < 0)
		(void)fprintf(stderr, "siftd export: %s\n%s", error.text, usage);
	else
		status = cmd_store_run(&command);
	event_filter_deinit(&export.filter);
	return status;
}

int cmd_export(int argc, char **argv)
{
	struct wishes wishes = { 0 };
	int status = read_words(argc, argv, &wishes);

	status = status == 0 ? export_wishes(&wishes) : cmd_usage(usage, status);
	event_words_deinit(&wishes.filters);
	return status;
}
