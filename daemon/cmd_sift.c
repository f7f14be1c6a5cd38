/* cmd_sift.c - `siftd sift`: triage of files or standard input */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/cmd.h"
#include "daemon/shipped_rules.h"
#include "daemon/sift_columns.h"
#include "daemon/sift_live.h"
#include "daemon/sift_options.h"
#include "daemon/sift_report.h"
#include "daemon/sift_rows.h"
#include "daemon/sift_run.h"
#include "daemon/sift_stop.h"

#define EXIT_FOUND 3
#define EXIT_STOPPED 130
#define PROGRESS_BYTES (UINT64_C(64) << 20)

/* what one run of the command holds */
struct command {
	struct sift_options options;
	struct sift *sift;
	struct sift_input *input;
	struct sift_live *live; /* NULL: the output is not live */
	bool colour;
	int64_t begun_us;     /* monotonic */
	uint64_t shown_bytes; /* of the progress line */
	uint64_t drawn_records;
};

static const char *environment(const char *name)
{
	/* no other thread changes the environment */
	const char *value = getenv(name); /* NOLINT(concurrency-mt-unsafe) */

	return value == NULL ? "" : value;
}

static bool is_terminal(int fd)
{
	return isatty(fd) == 1 && strcmp(environment("TERM"), "dumb") != 0;
}

static bool wants_colour(enum sift_colour colour)
{
	if (colour != SIFT_COLOUR_AUTO)
		return colour == SIFT_COLOUR_ALWAYS;
	return is_terminal(STDOUT_FILENO) && environment("NO_COLOR")[0] == '\0';
}

static bool wants_report(const struct sift_options *options)
{
	return !options->quiet && !options->assign && !options->records;
}

static void open_report(const struct command *command, struct sift_report *report)
{
	struct sift_groups *groups = sift_groups(command->sift);
	const struct sift_options *options = &command->options;

	*report = (struct sift_report){
		.stats = sift_read_stats(command->sift),
		.learner = sift_learner(command->sift),
		.other = sift_groups_other(groups),
		.spark_used = sift_groups_spark_used(groups),
		.ranged = options->since_us != TIMESTAMP_NONE ||
			  options->until_us != TIMESTAMP_NONE,
		.stopped = sift_input_stopped(command->input) &&
			   !sift_input_goes_on(command->input),
	};
	report->groups = sift_groups_fold(groups, &report->groups_count);
	report->findings = sift_findings_list(sift_findings(command->sift),
					      &report->findings_count);
}

static void close_report(struct sift_report *report)
{
	mem_free(report->groups);
	mem_free(report->findings);
}

static void draw_live(void *context, size_t rows, size_t columns, struct buf *text)
{
	const struct command *command = context;
	struct sift_report report;
	const struct sift_view view = {
		.colour = command->colour,
		.columns = columns,
		.groups_max = SIZE_MAX,
		.rows = rows,
		.live_seconds = (clock_monotonic_us() - command->begun_us) / 1000000,
	};

	open_report(command, &report);
	sift_report_text(&report, &view, text);
	close_report(&report);
}

static void show_progress(struct command *command, const struct sift_stats *stats)
{
	const uint64_t size = sift_input_size(command->input);
	const uint64_t bytes = sift_input_bytes(command->input);

	if (bytes < command->shown_bytes + PROGRESS_BYTES)
		return;
	command->shown_bytes = bytes;
	(void)fprintf(stderr, "\r%" PRIu64 " MB", bytes / 1000000);
	if (size > bytes)
		(void)fprintf(stderr, " of %" PRIu64 " MB (%" PRIu64 "%%)",
			      size / 1000000, bytes * 100 / size);
	(void)fprintf(stderr, ", %" PRIu64 " records ", stats->records);
}

static void note_progress(void *context, const struct sift_stats *stats)
{
	struct command *command = context;
	bool changed = stats->records != command->drawn_records;

	if (command->live == NULL) {
		show_progress(command, stats);
		return;
	}
	command->drawn_records = stats->records;
	sift_live_turn(command->live, changed);
}

static void report_unreadable(void *context, const struct error *error)
{
	(void)context;
	(void)fprintf(stderr, "siftd sift: %s\n", error->text);
}

static void end_progress(struct command *command)
{
	sift_live_free(&command->live);
	if (command->shown_bytes > 0)
		(void)fputs("\r\x1b[K", stderr);
}

static int flush_output(struct error *error)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	/* a reader that has read enough is no error worth a word */
	if (errno == EPIPE)
		return error_set(error, "%s", "");
	return error_set_errno(error, "standard output");
}

static int print_report(const struct command *command, bool *found, struct error *error)
{
	const struct sift_options *options = &command->options;
	const struct sift_view view = { .colour = command->colour,
					.columns = sift_live_columns(),
					.groups_max = options->top };
	struct sift_report report;
	struct buf text = { 0 };
	int status = 0;

	open_report(command, &report);
	/* findings are sorted: the worst one is the first */
	*found = options->fail_on >= 0 && report.findings_count > 0 &&
		 (int)report.findings[0].severity >= options->fail_on;
	if (wants_report(options)) {
		if (options->json)
			sift_report_json(&report, &text);
		else
			sift_report_text(&report, &view, &text);
		(void)fwrite(text.data, 1, text.len, stdout); /* ferror is asked next */
	}
	status = flush_output(error);
	if (status < 0 && error->text[0] != '\0')
		(void)fprintf(stderr, "siftd sift: %s\n", error->text);
	if (options->stats) {
		buf_clear(&text);
		sift_report_stats(&report, &text);
		(void)fwrite(text.data, 1, text.len, stderr);
	}
	buf_deinit(&text);
	close_report(&report);
	return status;
}

static int print_records(const struct command *command, struct error *error)
{
	const struct sift_visitor visitor = { .record = sift_rows_print_record,
					      .record_context =
						      sift_learner(command->sift) };

	if (sift_input_rewind(command->input, error) < 0)
		return -1;
	sift_run(command->sift, command->input, &visitor, false);
	return 0;
}

/* reads all, and prints the rows that --assign and --records ask for */
static int read_all(struct command *command, struct error *error)
{
	const struct sift_options *options = &command->options;
	struct sift_assign *assign = options->assign ? sift_assign_new() : NULL;
	bool progress = wants_report(options) && is_terminal(STDERR_FILENO);
	int status = 0;
	const struct sift_visitor visitor = {
		.record = assign == NULL ? NULL : sift_assign_note,
		.record_context = assign,
		.progress = command->live != NULL || progress ? note_progress : NULL,
		.context = command,
		.live = command->live != NULL,
		.unreadable = report_unreadable,
	};

	sift_run(command->sift, command->input, &visitor, true);
	end_progress(command);
	if (assign != NULL)
		sift_assign_print(assign, sift_learner(command->sift),
				  sift_read_stats(command->sift)->lines);
	else if (options->records)
		status = print_records(command, error);
	sift_assign_free(&assign);
	return status;
}

static int run_command(struct command *command)
{
	struct error error = { 0 };
	bool found = false;
	int status = 0;

	if (is_terminal(STDIN_FILENO) && sift_input_goes_on(command->input))
		(void)fputs("siftd sift: reading standard input; Ctrl-D ends it\n",
			    stderr);
	else if (wants_report(&command->options) && !command->options.json &&
		 is_terminal(STDOUT_FILENO) && sift_input_goes_on(command->input))
		command->live = sift_live_new(draw_live, command);
	if (wants_report(&command->options) || sift_input_goes_on(command->input))
		sift_stop_catch();
	status = read_all(command, &error);
	if (status < 0)
		(void)fprintf(stderr, "siftd sift: %s\n", error.text);
	if (print_report(command, &found, &error) < 0 || status < 0 ||
	    sift_read_stats(command->sift)->unreadable > 0)
		return EXIT_FAILURE;
	if (sift_input_stopped(command->input) && !sift_input_goes_on(command->input))
		return EXIT_STOPPED;
	return found ? EXIT_FOUND : EXIT_SUCCESS;
}

/* compiling them takes longer than sifting a small file: only where findings are told
 */
static bool needs_rules(const struct sift_options *options)
{
	return (!options->assign && !options->records && !options->quiet) ||
	       options->stats || options->fail_on >= 0 || options->rules != NULL;
}

int cmd_sift(int argc, char **argv)
{
	struct command command = { .begun_us = clock_monotonic_us() };
	struct sift_config config = {
		.front = { .record_bytes_max = (size_t)1 << 20,
			   .record_lines_max = 10000 },
		.learner = { .templates_max = 100000,
			     .buckets_max = 400000,
			     .bytes_max = (size_t)96 << 20 },
		.templates_max = 200000,
	};
	struct sift_options *options = &command.options;
	struct rules *rules = NULL;
	struct error error = { 0 };
	int status = sift_options_read(argc, argv, clock_now_us(), options);

	if (status != 0)
		return status < 0 ? EXIT_USAGE : EXIT_SUCCESS;
	if (needs_rules(options) &&
	    shipped_rules_load(options->rules, &rules, &error) < 0) {
		(void)fprintf(stderr, "siftd sift: %s\n", error.text);
		return EXIT_CONFIG;
	}
	columns_init();
	config.rules = rules;
	config.since_us = options->since_us;
	config.until_us = options->until_us;
	command.colour = wants_colour(options->colour);
	command.sift = sift_new(&config);
	command.input =
		sift_input_new(options->paths, options->paths_count, options->records);
	status = run_command(&command);
	sift_input_free(&command.input);
	sift_free(&command.sift);
	rules_free(&rules);
	return status;
}
