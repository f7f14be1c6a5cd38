/* main.c - chooses the subcommand */
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/nearest.h"
#include "daemon/cmd.h"

static const struct {
	const char *name;
	cmd_fn *run;
	const char *help;
} commands[] = {
	{ "run", cmd_run, "read the configured sources, store, and serve" },
	{ "sift", cmd_sift, "triage files or standard input, without a database" },
	{ "check", cmd_check, "read a configuration and say what is wrong with it" },
	{ "config", cmd_config, "print every option with its default" },
	{ "doctor", cmd_doctor, "look for damage, and mend the spool" },
	{ "export", cmd_export, "write stored events as NDJSON or CSV" },
	{ "key", cmd_key, "make, list and revoke API keys" },
	{ "migrate", cmd_migrate, "bring the database's schema up to date" },
	{ "query", cmd_query, "show events, groups and findings in a terminal" },
	{ "routes", cmd_routes, "print what is served over HTTP, and to whom" },
	{ "rules", cmd_rules,
	  "rules test [FOLDER], rules backtest RULES [FILE...]: try rules" },
	{ "upload", cmd_upload, "send a log file of any size to a siftd, by HTTP" },
	{ "user", cmd_user, "make, list and change accounts" },
};

static void print_usage(FILE *to)
{
	(void)fprintf(
		to, "usage: siftd COMMAND [OPTION...]\n\n"); /* terminal gone: no one */
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		(void)fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].help);
	(void)fprintf(to,
		      "\n`siftd COMMAND --help` says more; `siftd --version` which.\n");
}

static void refuse(const char *name)
{
	struct nearest nearest = nearest_init(slice_str(name));
	const char *meant = NULL;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		nearest_offer(&nearest, commands[i].name);
	meant = nearest_best(&nearest);
	if (meant == NULL)
		(void)fprintf(stderr,
			      "siftd: no command \"%s\"; siftd --help lists them\n",
			      name);
	else
		(void)fprintf(stderr,
			      "siftd: no command \"%s\", did you mean \"%s\"? siftd "
			      "--help lists them\n",
			      name, meant);
}

int main(int argc, char **argv)
{
	const char *name = argc < 2 ? "" : argv[1];

	if (strcmp(name, "--version") == 0) {
		(void)printf("siftd %s\n", SIFTD_VERSION);
		return 0;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
		print_usage(stdout);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	if (name[0] == '\0')
		print_usage(stderr);
	else
		refuse(name);
	return EXIT_USAGE;
}
