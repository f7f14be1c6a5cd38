/* sift_options.h - the words of `siftd sift`
 *
 * Threads: the main thread, at start. Owner: strings are argv's.
 */
#ifndef SIFTD_DAEMON_SIFT_OPTIONS_H
#define SIFTD_DAEMON_SIFT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sift_colour { SIFT_COLOUR_AUTO, SIFT_COLOUR_ALWAYS, SIFT_COLOUR_NEVER };

struct sift_options {
	bool json, assign, records, stats, quiet;
	enum sift_colour colour;
	size_t top;        /* SIZE_MAX: all groups */
	int fail_on;       /* a finding_severity, or -1 */
	int64_t since_us;  /* TIMESTAMP_NONE: not given */
	int64_t until_us;  /* as since_us */
	const char *rules; /* NULL: the shipped ones */
	char **paths;
	size_t paths_count;
};

/* 0: go on; 1: help was printed; -1: wrong usage, which was said */
int sift_options_read(int argc, char **argv, int64_t now_us,
		      struct sift_options *options);

#endif
