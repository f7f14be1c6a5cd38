/* arguments.h - reading the words behind a subcommand
 *
 * Threads: start-up only (getopt keeps its state in globals).
 */
#ifndef SIFTD_DAEMON_ARGUMENTS_H
#define SIFTD_DAEMON_ARGUMENTS_H

#include <getopt.h>

#include "base/compiler.h"

/* getopt_long, but for what it says of an option that is not known or lacks its
 * value: the option that was probably meant. It is said once, the answer is '?' */
int arguments_next(int argc, char **argv, const char *letters,
		   const struct option *words, int *index);

/* subcommands that take --config FILE and nothing else. 0: go on, *path is FILE or
 * NULL; 1: help was printed, exit with 0; -1: wrong usage was reported */
MUST_CHECK int arguments_config(int argc, char **argv, const char *usage,
				const char **path);

#endif
