/* cmd_query.c - `siftd query`: events, groups and findings in a terminal */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "daemon/arguments.h"
#include "daemon/cmd.h"
#include "daemon/cmd_store.h"
#include "daemon/event_words.h"
#include "daemon/project_find.h"
#include "daemon/query_events.h"
#include "sinks/pg_sync.h"

#define COUNT_DEFAULT "50"
/* two columns, RFC 3339 in UTC */
#define STAMP "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'"
#define SEEN                                                                           \
	" to_char(first_seen AT TIME ZONE 'UTC', " STAMP                               \
	"), to_char(last_seen AT TIME ZONE 'UTC', " STAMP "),"

static const char usage[] =
	"usage: siftd query [events|groups|findings] [--project NAME] [OPTION...]\n\n"
	"Shows what a project holds: the newest events (the default), its groups with\n"
	"most events, or its findings by severity. A siftd may run meanwhile.\n\n"
	"  --config FILE        names the database, as for `siftd run`\n"
	"  --project NAME       name or id; default: default\n"
	"  -n, --limit N        as many at most (50)\n"
	"  --json               one JSON object a line instead of text\n"
	"of events only:\n"
	"  -f, --follow         goes on with what is stored, until interrupted\n"
	"  --ingestion ID       only these events\n"
	"  --levels A,B --service S --host H --group ID --fingerprint HEX\n"
	"  --ts-from TIME --ts-to TIME --q TEXT --q-mode text|regex\n"
	"                       filters, as of GET .../events\n"
	"of groups and findings:\n"
	"  --status STATUS      only these, such as open\n\n"
	"Exit status: 0 done, 1 it failed, 2 wrong usage, 78 the configuration.\n";

enum what { WHAT_EVENTS, WHAT_GROUPS, WHAT_FINDINGS };

static const char *const whats[] = { "events", "groups", "findings", NULL };

struct wishes {
	enum what what;
	const char *config, *project, *ingestion, *limit, *status;
	bool json, follow;
	struct event_words filters;
};

static const struct option words[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "project", required_argument, NULL, 'p' },
	{ "ingestion", required_argument, NULL, 'i' },
	{ "limit", required_argument, NULL, 'n' },
	{ "status", required_argument, NULL, 's' },
	{ "json", no_argument, NULL, 'j' },
	{ "follow", no_argument, NULL, 'f' },
	{ "help", no_argument, NULL, 'h' },
	/* val 0: a filter */
	EVENT_WORDS_OPTIONS,
	{ NULL, 0, NULL, 0 },
};

static bool take_word(struct wishes *wishes, int word, int index)
{
	const char **const texts[] = { ['c'] = &wishes->config,
				       ['p'] = &wishes->project,
				       ['i'] = &wishes->ingestion,
				       ['n'] = &wishes->limit,
				       ['s'] = &wishes->status };

	switch (word) {
	case 'c':
	case 'p':
	case 'i':
	case 'n':
	case 's':
		*texts[word] = optarg;
		return true;
	case 'j':
		wishes->json = true;
		return true;
	case 'f':
		wishes->follow = true;
		return true;
	case 0:
		return event_words_add(&wishes->filters, words[index].name, optarg);
	default:
		return false;
	}
}

static bool take_what(struct wishes *wishes, const char *word)
{
	for (unsigned i = 0; whats[i] != NULL; i++) {
		if (strcmp(word, whats[i]) == 0) {
			wishes->what = (enum what)i;
			return true;
		}
	}
	return false;
}

/* an option that would do nothing is an error */
static bool fits_together(const struct wishes *wishes)
{
	bool of_events = wishes->follow || wishes->ingestion != NULL ||
			 wishes->filters.filters.count > 0;

	return wishes->what == WHAT_EVENTS ? wishes->status == NULL : !of_events;
}

/* 0, 1: help was asked for, -1: wrong usage */
static int read_words(int argc, char **argv, struct wishes *wishes)
{
	int word = 0;
	int index = 0;

	while ((word = arguments_next(argc, argv, "hfn:", words, &index)) != -1) {
		if (word == 'h')
			return 1;
		if (!take_word(wishes, word, index))
			return -1;
	}
	if (optind < argc && !take_what(wishes, argv[optind++]))
		return -1;
	return optind == argc && fits_together(wishes) ? 0 : -1;
}

static int query_events(const struct wishes *wishes, const struct config *config,
			const struct store *store, const struct project_found *project)
{
	struct query_events wish = { .scope = { .project_id = project->id },
				     .text = slice_str(""), /* there is one */
				     .follow = wishes->follow,
				     .look = query_look_of_terminal(wishes->json) };
	const char *limit = wishes->limit == NULL ? COUNT_DEFAULT : wishes->limit;
	const char *field = NULL;
	struct error error = { 0 };
	int status = EXIT_USAGE;

	if (event_filter_from_query(&wishes->filters.filters, &wish.filter, &field,
				    &error) < 0 ||
	    event_words_number("limit", limit, &wish.count, &error) < 0 ||
	    event_words_number("ingestion", wishes->ingestion, &wish.scope.ingestion_id,
			       &error) < 0) {
		(void)fprintf(stderr, "siftd query: %s\n", error.text);
	} else if (wish.count > QUERY_EVENTS_MAX) {
		(void)fprintf(stderr,
			      "siftd query: --limit is at most %d; siftd export writes "
			      "more\n",
			      QUERY_EVENTS_MAX);
	} else {
		wish.filter.by_last = true;
		wish.filter.last = project->next_seq - 1;
		status = query_events_run(&wish, config, store);
	}
	event_filter_deinit(&wish.filter);
	return status;
}

static int query_table(const struct wishes *wishes, struct pg_sync *sync,
		       const struct project_found *project)
{
	static const char *const statements[] = {
		[WHAT_GROUPS] = "SELECT group_id, events," SEEN " status, template"
				" FROM siftd_views.groups WHERE project_id = $1"
				" AND ($2::text IS NULL OR status = $2)"
				" ORDER BY events DESC, group_id LIMIT $3",
		[WHAT_FINDINGS] =
			"SELECT finding_id, occurrences," SEEN
			" status, severity, rule, title, key"
			" FROM siftd_views.findings WHERE project_id = $1"
			" AND ($2::text IS NULL OR status = $2)"
			" ORDER BY array_position(ARRAY['CRIT', 'HIGH', 'MED', 'LOW'],"
			" severity), occurrences DESC, finding_id LIMIT $3",
	};
	const struct query_look look = query_look_of_terminal(wishes->json);
	const char *limit = wishes->limit == NULL ? COUNT_DEFAULT : wishes->limit;
	const struct pg_rows *rows = NULL;
	struct error error = { 0 };
	char id[24];
	const char *const params[] = { id, wishes->status, limit, NULL };
	int64_t count = 0;
	bool taken = false;

	(void)snprintf(id, sizeof(id), "%" PRId64, project->id);
	if (event_words_number("limit", limit, &count, &error) < 0) {
		(void)fprintf(stderr, "siftd query: %s\n", error.text);
		return EXIT_USAGE;
	}
	if (pg_sync_query(sync, statements[wishes->what], params, &rows, &error) < 0) {
		(void)fprintf(stderr, "siftd query: %s\n", error.text);
		return 1;
	}
	taken = wishes->what == WHAT_GROUPS ? query_print_groups(&look, rows)
					    : query_print_findings(&look, rows);
	if (taken && fflush(stdout) == 0)
		return 0;
	(void)fprintf(stderr, "siftd query: standard output takes no more\n");
	return 1;
}

static int query(void *context, const struct config *config, const struct store *store,
		 struct error *error)
{
	const struct wishes *wishes = context;
	const char *name = wishes->project == NULL ? "default" : wishes->project;
	struct project_found project = { 0 };
	struct pg_sync *sync = NULL;
	int status = pg_sync_open(store_conninfo(store), &sync, error);

	if (status == 0)
		status = project_find(sync, name, &project, error);
	if (status == 0)
		status = wishes->what == WHAT_EVENTS
				 ? query_events(wishes, config, store, &project)
				 : query_table(wishes, sync, &project);
	pg_sync_close(&sync);
	return status;
}

int cmd_query(int argc, char **argv)
{
	struct wishes wishes = { 0 };
	int status = read_words(argc, argv, &wishes);
	const struct cmd_store command = { "query", wishes.config, query, &wishes };

	status = status == 0 ? cmd_store_run(&command) : cmd_usage(usage, status);
	event_words_deinit(&wishes.filters);
	return status;
}
