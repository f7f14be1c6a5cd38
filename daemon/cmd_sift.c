/* cmd_sift.c - `siftd sift`: triage of files or standard input */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "daemon/cmd.h"
#include "daemon/shipped_rules.h"
#include "daemon/sift_report.h"
#include "daemon/sift_rows.h"
#include "daemon/sift_run.h"

static const char usage[] =
	"usage: siftd sift [OPTION...] [FILE...]\n"
	"\n"
	"Groups log lines and finds what matters in them. Reads standard input when no FILE\n"
	"is given, or for -.\n"
	"\n"
	"  --format text|json  the report's form (default text)\n"
	"  --top N             groups shown by the text report, 0 for all (default 40)\n"
	"  --assign            instead: line TAB group TAB template, for every input line\n"
	"  --records           instead: one JSON object for every record\n"
	"  --stats             last, on standard error: one JSON object of totals\n"
	"  --quiet             nothing but what --assign, --records and --stats print\n"
	"  --rules FOLDER      rules to use (default: those that came with siftd)\n"
	"  --help\n"
	"\n"
	"Exit status: 0 done, 1 a file could not be read or output failed, 2 wrong usage.\n";

struct sift_words {
	bool json, assign, records, stats, quiet;
	size_t top;
	const char *rules;
};

static int read_top(const char *text, size_t *out)
{
	char *end = NULL;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || text[0] == '-') {
		(void)fprintf(stderr, "siftd sift: --top takes a number, not \"%s\"\n",
			      text);
		return -1;
	}
	*out = value == 0 ? SIZE_MAX : value;
	return 0;
}

static int apply_word(int word, struct sift_words *words)
{
	switch (word) {
	case 'f':
		words->json = strcmp(optarg, "json") == 0;
		if (words->json || strcmp(optarg, "text") == 0)
			return 0;
		(void)fprintf(stderr,
			      "siftd sift: --format is text or json, not \"%s\"\n",
			      optarg);
		return -1;
	case 't':
		return read_top(optarg, &words->top);
	case 'r':
		words->rules = optarg;
		return 0;
	case 'a':
		words->assign = true;
		return 0;
	case 'o':
		words->records = true;
		return 0;
	case 's':
		words->stats = true;
		return 0;
	case 'q':
		words->quiet = true;
		return 0;
	default:
		(void)fputs(usage, stderr);
		return -1;
	}
}

/* 0: go on; 1: help was printed; -1: wrong usage */
static int read_words(int argc, char **argv, struct sift_words *words)
{
	static const struct option names[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "top", required_argument, NULL, 't' },
		{ "rules", required_argument, NULL, 'r' },
		{ "assign", no_argument, NULL, 'a' },
		{ "records", no_argument, NULL, 'o' },
		{ "stats", no_argument, NULL, 's' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int word = 0;

	/* start-up: no other thread runs */
	while ((word = getopt_long(argc, argv, "h",
				   names, /* NOLINT(concurrency-mt-unsafe) */
				   NULL)) != -1) {
		if (word == 'h') {
			(void)fputs(usage, stdout);
			return 1;
		}
		if (apply_word(word, words) < 0)
			return -1;
	}
	if (words->assign && words->records) {
		(void)fputs("siftd sift: --assign and --records exclude each other\n",
			    stderr);
		return -1;
	}
	return 0;
}

static void report_unreadable(void *context, const struct error *error)
{
	(void)context;
	(void)fprintf(stderr, "siftd sift: %s\n", error->text);
}

static void show_progress(void *context, const struct sift_input *input,
			  const struct sift_stats *stats)
{
	const uint64_t size = sift_input_size(input);
	const uint64_t bytes = sift_input_bytes(input);
	uint64_t *shown = context;

	if (bytes < *shown + (UINT64_C(64) << 20))
		return;
	*shown = bytes;
	(void)fprintf(stderr, "\r%" PRIu64 " MB", bytes / 1000000);
	if (size > bytes)
		(void)fprintf(stderr, " of %" PRIu64 " MB (%" PRIu64 "%%)",
			      size / 1000000, bytes * 100 / size);
	(void)fprintf(stderr, ", %" PRIu64 " records ", stats->records);
}

static size_t terminal_columns(void)
{
	struct winsize size = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
		return size.ws_col;
	return 200;
}

static bool wants_colour(void)
{
	/* start-up and end: no other thread changes the environment */
	const char *no_colour = getenv("NO_COLOR"); /* NOLINT(concurrency-mt-unsafe) */

	return isatty(STDOUT_FILENO) == 1 &&
	       (no_colour == NULL || no_colour[0] == '\0');
}

static void print_report(struct sift *sift, const struct sift_words *words)
{
	struct sift_report report = { .stats = sift_read_stats(sift),
				      .learner = sift_learner(sift) };
	struct sift_group *groups = sift_groups_fold(sift_groups(sift), report.learner,
						     &report.groups_count);
	struct sift_finding *findings =
		sift_findings_fold(sift_findings(sift), &report.findings_count);
	struct buf text = { 0 };

	report.groups = groups;
	report.findings = findings;
	if (!words->quiet && !words->assign && !words->records) {
		if (words->json)
			sift_report_json(&report, &text);
		else
			sift_report_text(&report, wants_colour(), words->top,
					 terminal_columns(), &text);
		(void)fwrite(text.data, 1, text.len,
			     stdout); /* ferror is asked later */
	}
	if (words->stats) {
		(void)fflush(stdout); /* ferror is asked later */
		buf_clear(&text);
		sift_report_stats(&report, &text);
		(void)fwrite(text.data, 1, text.len, stderr);
	}
	buf_deinit(&text);
	mem_free(groups);
	mem_free(findings);
}

static int print_records(struct sift *sift, struct sift_input *input,
			 struct error *error)
{
	const struct sift_visitor visitor = { .record = sift_rows_print_record,
					      .context = sift_learner(sift) };

	if (sift_input_rewind(input, error) < 0)
		return -1;
	sift_run(sift, input, &visitor, false);
	return 0;
}

static int sift_all(struct sift *sift, struct sift_input *input,
		    const struct sift_words *words, struct error *error)
{
	struct sift_assign *assign = words->assign ? sift_assign_new() : NULL;
	uint64_t shown = 0;
	bool progress = !words->quiet && isatty(STDERR_FILENO) == 1;
	int status = 0;
	const struct sift_visitor visitor = {
		.record = words->assign ? sift_assign_note : NULL,
		.progress = progress && !words->assign ? show_progress : NULL,
		.context = words->assign ? (void *)assign : (void *)&shown,
		.unreadable = report_unreadable,
	};

	sift_run(sift, input, &visitor, true);
	if (shown > 0)
		(void)fputs("\r\x1b[K", stderr);
	if (words->assign)
		status = sift_assign_print(assign, sift_learner(sift),
					   sift_read_stats(sift)->lines, error);
	else if (words->records)
		status = print_records(sift, input, error);
	sift_assign_free(&assign);
	if (status == 0)
		print_report(sift, words);
	if (status == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		return error_set_errno(error, "standard output");
	return status;
}

int cmd_sift(int argc, char **argv)
{
	struct sift_words words = { .top = 40 };
	struct sift_config config = {
		.front = { .record_bytes_max = (size_t)1 << 20,
			   .record_lines_max = 10000 },
		.learner = { .templates_max = 100000,
			     .buckets_max = 400000,
			     .bytes_max = (size_t)96 << 20 },
		.templates_max = 200000,
	};
	struct sift *sift = NULL;
	struct sift_input *input = NULL;
	struct rules *rules = NULL;
	struct error error = { 0 };
	int status = read_words(argc, argv, &words);

	if (status != 0)
		return status < 0 ? EXIT_USAGE : 0;
	if (shipped_rules_load(words.rules, &rules, &error) < 0) {
		(void)fprintf(stderr, "siftd sift: %s\n", error.text);
		return EXIT_CONFIG;
	}
	config.rules = rules;
	sift = sift_new(&config);
	input = sift_input_new(argv + optind, (size_t)(argc - optind), words.records);
	status = sift_all(sift, input, &words, &error);
	if (status < 0)
		(void)fprintf(stderr, "siftd sift: %s\n", error.text);
	if (sift_read_stats(sift)->unreadable > 0)
		status = -1;
	sift_input_free(&input);
	sift_free(&sift);
	rules_free(&rules);
	return status < 0 ? 1 : 0;
}
