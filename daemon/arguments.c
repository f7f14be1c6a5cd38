/* arguments.c - the one option that most subcommands share */
#include "daemon/arguments.h"

#include <getopt.h>
#include <stdio.h>

int arguments_config(int argc, char **argv, const char *usage, const char **path)
{
	static const struct option words[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int word = 0;

	*path = NULL;
	/* start-up: no other thread runs */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while ((word = getopt_long(argc, argv, "c:h", words, NULL)) != -1) {
		if (word == 'h') {
			(void)fputs(usage, stdout);
			return 1;
		}
		if (word != 'c') {
			(void)fputs(usage, stderr);
			return -1;
		}
		*path = optarg;
	}
	if (optind < argc) {
		(void)fprintf(stderr, "siftd %s: unexpected \"%s\"\n%s", argv[0],
			      argv[optind], usage);
		return -1;
	}
	return 0;
}
