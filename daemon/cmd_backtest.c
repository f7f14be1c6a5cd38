/* cmd_backtest.c - `siftd rules backtest`: what rules would have found, in files or in
 * what is stored */
#include <event2/event.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "api/backtest.h"
#include "api/rfc3339.h"
#include "daemon/arguments.h"
#include "daemon/backtest_files.h"
#include "daemon/backtest_print.h"
#include "daemon/cmd.h"
#include "daemon/cmd_store.h"
#include "daemon/event_session.h"
#include "daemon/project_find.h"
#include "daemon/shipped_rules.h"

#define TIME_MAX_US (INT64_C(86400) * 1000000)

static const char usage[] =
	"usage: siftd rules backtest RULES [FILE...] [OPTION...]\n"
	"       siftd rules backtest RULES --config FILE --project NAME [OPTION...]\n\n"
	"Says what the rules of a file or folder would have found: in log files (or\n"
	"standard input, packed ones too), or among the stored events of a project. A\n"
	"siftd may run meanwhile; nothing is stored.\n\n"
	"  --config FILE      names the database, as for `siftd run`\n"
	"  --project NAME     name or id; then no files\n"
	"  --from TIME --to TIME\n"
	"                     only events of that time (RFC 3339)\n"
	"  --format text|json text (default), or an object a rule and line, as of\n"
	"                     POST .../rules/backtest\n\n"
	"Exit status: 0 all was looked at, 1 it failed, 2 wrong usage, 78 the\n"
	"configuration.\n";

struct wishes {
	const char *config;
	const char *project;
	const char *from, *to;
	const char *format;
	char *const *paths; /* the rules, then the files */
	size_t paths_count;
};

struct backtest_run {
	const char *project;
	struct rules *rules;
	struct rules *shipped; /* that a generic rule yields to */
	int64_t from_us, to_us;
	bool json;
	/* over a store */
	struct event_session session;
	int64_t project_id;
	size_t index;
	struct buf out;
	int status;
};

static const struct option words[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "project", required_argument, NULL, 'p' },
	{ "from", required_argument, NULL, 'f' },
	{ "to", required_argument, NULL, 't' },
	{ "format", required_argument, NULL, 'o' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void show(struct backtest_run *run)
{
	if (run->json)
		(void)fwrite(run->out.data, 1, run->out.len, stdout); /* see flush */
	else
		backtest_print(buf_slice(&run->out));
	buf_clear(&run->out);
}

static void next_rule(struct backtest_run *run);

static void on_answer(void *context, enum events_status status, struct slice json)
{
	struct backtest_run *run = context;

	if (status != EVENTS_OK) {
		(void)fprintf(stderr,
			      "siftd rules backtest: rule %s: the database "
			      "does not answer, or took too long\n",
			      rules_get(run->rules, run->index)->id);
		run->status = 1;
		/* fails before the loop only, as below */
		(void)event_base_loopbreak(run->session.base);
		return;
	}
	buf_append_slice(&run->out, json);
	buf_append_char(&run->out, '\n');
	show(run);
	run->index++;
	next_rule(run);
}

static void next_rule(struct backtest_run *run)
{
	struct backtest_wish wish = {
		.deps = run->session.deps,
		.project_id = run->project_id,
		.rule = { run->rules, run->index, run->shipped },
		.from_us = run->from_us,
		.to_us = run->to_us,
		.time_us = TIME_MAX_US,
		.events_max = UINT64_MAX,
	};

	while (run->index < rules_count(run->rules) &&
	       rules_get(run->rules, run->index)->is_partner)
		run->index++;
	if (run->index == rules_count(run->rules)) {
		(void)event_base_loopbreak(run->session.base);
		return;
	}
	wish.rule.index = run->index;
	(void)backtest_start(&wish, on_answer, run); /* frees itself behind on_answer */
}

static int find_project(const struct store *store, struct backtest_run *run,
			struct error *error)
{
	struct project_found found = { 0 };
	struct pg_sync *sync = NULL;
	int status = pg_sync_open(store_conninfo(store), &sync, error);

	if (status == 0)
		status = project_find(sync, run->project, &found, error);
	run->project_id = found.id;
	pg_sync_close(&sync);
	return status;
}

static int test_store(void *context, const struct config *config,
		      const struct store *store, struct error *error)
{
	struct backtest_run *run = context;

	if (find_project(store, run, error) < 0 ||
	    shipped_rules_load(NULL, &run->shipped, error) < 0)
		return -1;
	event_session_open(&run->session, config, store);
	next_rule(run);
	if (run->index < rules_count(run->rules))
		(void)event_base_dispatch(run->session.base); /* until loopbreak */
	event_session_close(&run->session);
	return run->status;
}

static int test_files(struct backtest_run *run, const struct wishes *wishes)
{
	const struct backtest_files files = {
		.rules = run->rules,
		.paths = wishes->paths + 1,
		.paths_count = wishes->paths_count - 1,
		.from_us = run->from_us,
		.to_us = run->to_us,
	};
	struct error error = { 0 };
	int status = backtest_files_run(&files, &run->out, &error);

	if (status < 0)
		(void)fprintf(stderr, "siftd rules backtest: %s\n", error.text);
	show(run);
	return status < 0 ? 1 : 0;
}

static int load_rules(const char *path, struct rules **out, struct error *error)
{
	struct yaml_doc *docs = NULL;
	struct stat about;
	int status = 0;

	if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
		return rules_load_folder(path, out, error);
	status = yaml_parse_file(path, &docs, error);
	if (status == 0)
		status = rules_compile(docs, out, error);
	yaml_docs_free(&docs);
	return status;
}

/* 0, 1: help was asked for, -1: wrong usage */
static int read_words(int argc, char **argv, struct wishes *wishes)
{
	int word = 0;

	while ((word = arguments_next(argc, argv, "h", words, NULL)) != -1) {
		if (word == 'h')
			return 1;
		else if (word == 'c')
			wishes->config = optarg;
		else if (word == 'p')
			wishes->project = optarg;
		else if (word == 'f')
			wishes->from = optarg;
		else if (word == 't')
			wishes->to = optarg;
		else if (word == 'o')
			wishes->format = optarg;
		else
			return -1;
	}
	wishes->paths = argv + optind;
	wishes->paths_count = (size_t)(argc - optind);
	if (wishes->paths_count == 0 ||
	    (wishes->project != NULL && wishes->paths_count > 1) ||
	    (wishes->project == NULL && wishes->config != NULL))
		return -1;
	return 0;
}

static int read_time(const char *word, const char *text, int64_t *out)
{
	*out = TIMESTAMP_NONE;
	if (text == NULL || rfc3339_parse(slice_str(text), out))
		return 0;
	(void)fprintf(stderr, "siftd rules backtest: --%s: no RFC 3339 time\n", word);
	return -1;
}

static int read_wishes(const struct wishes *wishes, struct backtest_run *run)
{
	run->json = wishes->format != NULL && strcmp(wishes->format, "json") == 0;
	if (wishes->format != NULL && !run->json &&
	    strcmp(wishes->format, "text") != 0) {
		(void)fprintf(stderr, "siftd rules backtest: --format: text or json\n");
		return -1;
	}
	if (read_time("from", wishes->from, &run->from_us) < 0)
		return -1;
	return read_time("to", wishes->to, &run->to_us);
}

static int backtest(const struct wishes *wishes)
{
	struct backtest_run run = { .project = wishes->project };
	const struct cmd_store command = { "rules backtest", wishes->config, test_store,
					   &run };
	struct error error = { 0 };
	int status = EXIT_USAGE;

	if (read_wishes(wishes, &run) < 0)
		return status;
	if (load_rules(wishes->paths[0], &run.rules, &error) < 0) {
		(void)fprintf(stderr, "siftd rules backtest: %s\n", error.text);
		return 1;
	}
	status = wishes->project != NULL ? cmd_store_run(&command)
					 : test_files(&run, wishes);
	if (fflush(stdout) != 0) {
		(void)fprintf(stderr,
			      "siftd rules backtest: standard output takes no more\n");
		status = 1;
	}
	buf_deinit(&run.out);
	rules_free(&run.rules);
	rules_free(&run.shipped);
	return status;
}

int cmd_backtest(int argc, char **argv)
{
	struct wishes wishes = { 0 };
	int status = read_words(argc, argv, &wishes);

	return status == 0 ? backtest(&wishes) : cmd_usage(usage, status);
}
