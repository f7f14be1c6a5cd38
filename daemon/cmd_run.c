/* cmd_run.c - `siftd run` */
#include <stdio.h>
#include <sys/resource.h>

#include "daemon/arguments.h"
#include "daemon/cmd.h"
#include "daemon/config.h"
#include "daemon/daemon.h"

static const char usage[] =
	"usage: siftd run [--config FILE]\n"
	"\n"
	"Reads the configured sources, stores events, groups and findings, and serves the HTTP\n"
	"interface, until SIGTERM or SIGINT. Without FILE every option has its default and\n"
	"there is no source but what arrives over HTTP; `siftd config` prints the options.\n"
	"\n"
	"Exit status: 0 stopped cleanly, 1 failed, 78 the configuration cannot be used.\n";

/* as many descriptors as may be had: connections and tailed files are bounded by the
 * configuration, not by what a shell gives */
static void raise_descriptors(void)
{
	struct rlimit limit = { 0 };

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* as it was, else */
}

int cmd_run(int argc, char **argv)
{
	struct config *config = NULL;
	struct error error = { 0 };
	const char *path = NULL;
	int status = arguments_config(argc, argv, usage, &path);

	if (status != 0)
		return status < 0 ? EXIT_USAGE : 0;
	if (config_load(path, &config, &error) < 0) {
		(void)fprintf(stderr, "siftd: %s\n", error.text);
		return EXIT_CONFIG;
	}
	raise_descriptors();
	status = daemon_run(config, &error);
	config_free(&config);
	if (status < 0) {
		(void)fprintf(stderr, "siftd: %s\n", error.text);
		return 1;
	}
	return 0;
}
