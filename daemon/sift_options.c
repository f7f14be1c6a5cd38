/* sift_options.c - getopt_long over one table */
#include "daemon/sift_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "daemon/arguments.h"
#include "daemon/sift_time.h"
#include "pipeline/record.h"
#include "pipeline/rules.h"

static const char usage[] =
	"usage: siftd sift [OPTION...] [FILE...]\n"
	"\n"
	"Groups log lines and finds what matters in them. Reads standard input when no FILE\n"
	"is given, or for -; gzip and zstd are unpacked. While a pipe goes on, the report on\n"
	"a terminal is live; Ctrl-C ends the input and prints the final report.\n"
	"\n"
	"  --format text|json         the report's form (default text)\n"
	"  --top N                    groups shown by the text report, 0 for all (default 40)\n"
	"  --since TIME               leave out records before TIME\n"
	"  --until TIME               leave out records from TIME on\n"
	"  --fail-on low|med|high|crit\n"
	"                             exit with 3 when a finding is that severe, or more\n"
	"  --color auto|always|never  colours (default auto: on a terminal, unless NO_COLOR)\n"
	"  --assign                   instead: line TAB group TAB template, for every line\n"
	"  --records                  instead: one JSON object for every record\n"
	"  --stats                    last, on standard error: one JSON object of totals\n"
	"  --quiet                    nothing but what --assign, --records and --stats print\n"
	"  --rules FOLDER             rules to use (default: those that came with siftd)\n"
	"  --help\n"
	"\n"
	"TIME is RFC 3339, `2026-03-01 10:00`, `10:30` (today), or `-2h` before now; UTC\n"
	"unless it says otherwise.\n"
	"\n"
	"Exit status: 0 done, 1 a file could not be read or output failed, 2 wrong usage,\n"
	"3 a finding as severe as --fail-on says, 78 rules that cannot be read, 130 a signal\n"
	"ended the reading of files.\n";

static int refuse(const char *option, const char *wanted)
{
	(void)fprintf(stderr, "siftd sift: --%s takes %s, not \"%s\"\n", option, wanted,
		      optarg);
	return -1;
}

/* the place of optarg among the words, which end with NULL; -1: it is none */
static int word_place(const char *const *words)
{
	for (int i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], optarg) == 0)
			return i;
	}
	return -1;
}

static int read_top(size_t *out)
{
	char *end = NULL;
	unsigned long value = strtoul(optarg, &end, 10);

	if (optarg[0] < '0' || optarg[0] > '9' || *end != '\0')
		return refuse("top", "a number");
	*out = value == 0 ? SIZE_MAX : value;
	return 0;
}

static int read_time(const char *option, int64_t now_us, int64_t *out)
{
	if (!sift_time_parse(slice_str(optarg), now_us, out))
		return refuse(option, "a time such as 2026-03-01T10:00:00Z, "
				      "\"2026-03-01 10:00\", 10:30 or -2h");
	return 0;
}

static int read_word(struct sift_options *options, int option)
{
	static const char *const formats[] = { "text", "json", NULL };
	static const char *const colours[] = { "auto", "always", "never", NULL };
	static const char *const severities[] = { "low", "med", "high", "crit", NULL };
	int place = 0;

	switch (option) {
	case 'f':
		place = word_place(formats);
		options->json = place == 1;
		return place < 0 ? refuse("format", "text or json") : 0;
	case 'c':
		place = word_place(colours);
		options->colour =
			place < 0 ? SIFT_COLOUR_AUTO : (enum sift_colour)place;
		return place < 0 ? refuse("color", "auto, always or never") : 0;
	default:
		options->fail_on = word_place(severities);
		return options->fail_on < 0
			       ? refuse("fail-on", "low, med, high or crit")
			       : 0;
	}
}

static int apply(struct sift_options *options, int option, int64_t now_us)
{
	switch (option) {
	case 'f':
	case 'c':
	case 'x':
		return read_word(options, option);
	case 't':
		return read_top(&options->top);
	case 'S':
		return read_time("since", now_us, &options->since_us);
	case 'U':
		return read_time("until", now_us, &options->until_us);
	case 'r':
		options->rules = optarg;
		return 0;
	case 'a':
		options->assign = true;
		return 0;
	case 'o':
		options->records = true;
		return 0;
	case 's':
		options->stats = true;
		return 0;
	case 'q':
		options->quiet = true;
		return 0;
	default:
		(void)fputs("Try siftd sift --help\n", stderr);
		return -1;
	}
}

static int check(const struct sift_options *options)
{
	if (options->assign && options->records) {
		(void)fputs("siftd sift: --assign and --records exclude each other\n",
			    stderr);
		return -1;
	}
	if (options->since_us != TIMESTAMP_NONE &&
	    options->until_us != TIMESTAMP_NONE &&
	    options->since_us >= options->until_us) {
		(void)fputs("siftd sift: --since is not before --until\n", stderr);
		return -1;
	}
	return 0;
}

int sift_options_read(int argc, char **argv, int64_t now_us,
		      struct sift_options *options)
{
	static const struct option names[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "top", required_argument, NULL, 't' },
		{ "since", required_argument, NULL, 'S' },
		{ "until", required_argument, NULL, 'U' },
		{ "fail-on", required_argument, NULL, 'x' },
		{ "color", required_argument, NULL, 'c' },
		{ "rules", required_argument, NULL, 'r' },
		{ "assign", no_argument, NULL, 'a' },
		{ "records", no_argument, NULL, 'o' },
		{ "stats", no_argument, NULL, 's' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option = 0;

	*options = (struct sift_options){ .top = 40,
					  .fail_on = -1,
					  .since_us = TIMESTAMP_NONE,
					  .until_us = TIMESTAMP_NONE };
	while ((option = arguments_next(argc, argv, "h", names, NULL)) != -1) {
		if (option == 'h') {
			(void)fputs(usage, stdout);
			return 1;
		}
		if (apply(options, option, now_us) < 0)
			return -1;
	}
	options->paths = argv + optind;
	options->paths_count = (size_t)(argc - optind);
	return check(options);
}
